"""Programs: assembled or uploaded, read by a limited child, kept by their hash."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings

from sessions_app import dispatch
from sessions_app.errors import (
    AssemblyFailed,
    DomainError,
    InvalidImage,
    ToolMissing,
)
from sessions_app.models import Image

MAX_IMAGE: int = settings.MAX_UPLOAD
MAX_SOURCE = 1 << 20
#: A multipart body is longer than the file in it.
_ENVELOPE = 64 << 10
MAX_BODY = MAX_IMAGE + _ENVELOPE


class ImageTooLarge(DomainError):
    """The upload is longer than an image may be."""

    code = "image_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __init__(self, size: int) -> None:
        super().__init__(
            f"{size} bytes; an image may have at most {MAX_IMAGE}. Nothing was stored.",
            field="file",
            value=size,
            allowed=f"at most {MAX_IMAGE} bytes",
        )


def check_body_length(length: str | None) -> None:
    """Refuse a request by its announced length, before its body is looked at."""
    if length and length.isdigit() and int(length) > MAX_BODY:
        raise ImageTooLarge(int(length))


def image_from_elf(*, data: bytes, name: str) -> Image:
    """Keep an ELF file that the emulator can load. Raises InvalidImage; then nothing is kept."""
    return image_keep(image_read_elf(data=data, name=name))


def image_from_assembly(*, source: str, mode: str) -> Image:
    """Assemble a text and keep the program with its source beside it."""
    return image_keep(image_assemble(source=source, mode=mode))


def image_read_elf(*, data: bytes, name: str) -> Image:
    """An ELF file as an image that is not kept yet. Raises InvalidImage."""
    if len(data) > MAX_IMAGE:
        raise ImageTooLarge(len(data))
    answer, _ = dispatch.quick_job({"job": "elf"}, data)
    return _image(answer, data, name=name, field="file")


def image_assemble(*, source: str, mode: str) -> Image:
    """An assembled text as an image that is not kept yet. Raises AssemblyFailed."""
    request = {"job": "assemble", "source": source.replace("\r\n", "\n"), "mode": mode}
    answer, data = dispatch.quick_job(request, b"")
    return _image(answer, data, name="program", field="assembly", source=source)


def _image(
    answer: dict[str, Any], data: bytes, *, name: str, field: str, source: str = ""
) -> Image:
    if not answer.get("ok"):
        raise _refusal(answer, field)
    return Image(
        sha256=answer["sha256"],
        data=data,
        size=len(data),
        kind=answer["format"],
        name=name[:120],
        source=source,
        entry=answer["entry"],
        symbols={s["name"]: s["address"] for s in answer["symbols"]},
    )


def image_keep(image: Image) -> Image:
    """The stored image of the same bytes, stored now if it is the first."""
    columns = ("data", "size", "kind", "name", "source", "entry", "symbols")
    kept, made = Image.objects.get_or_create(
        pk=image.pk, defaults={name: getattr(image, name) for name in columns}
    )
    if not made and image.source and not kept.source:
        kept.source = image.source
        kept.save(update_fields=["source"])
    return kept


def _refusal(answer: dict[str, Any], field: str) -> DomainError:
    error = answer.get("error") or {}
    detail = str(error.get("detail") or "the program was refused")
    where = error.get("field")
    if where and where not in ("program", field):
        detail = f"{where}: {detail}"
    if error.get("code") == "assembly_failed":
        return AssemblyFailed(detail, line=error.get("line"), field=field)
    if error.get("code") == "tool_missing":
        return ToolMissing(detail, field=field)
    return InvalidImage(detail, field=field)
