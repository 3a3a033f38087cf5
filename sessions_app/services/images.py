"""Programs: assembled or uploaded, read by a limited child, kept by their hash."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from sessions_app import dispatch
from sessions_app.errors import (
    AssemblyFailed,
    DomainError,
    InvalidImage,
    JobFailed,
    ToolMissing,
)
from sessions_app.models import BroughtImage, Image
from sessions_app.services.quotas import bytes_check, image_charge

logger = logging.getLogger(__name__)

MAX_IMAGE: int = settings.MAX_UPLOAD
MAX_SOURCE = 1 << 20
#: A multipart body is longer than the file in it.
_ENVELOPE = 64 << 10
MAX_BODY = MAX_IMAGE + _ENVELOPE
#: Name of the section of an ELF file that says which line an instruction came from.
_LINE_TABLE = b".debug_line"


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


def image_from_elf(*, data: bytes, name: str, by: User | None = None) -> Image:
    """Keep an ELF file that the emulator can load, of whoever brings it. Raises
    InvalidImage, StorageFull; then nothing is kept."""
    return image_keep(image_read_elf(data=data, name=name), by=by)


def image_from_assembly(*, source: str, mode: str, by: User | None = None) -> Image:
    """Assemble a text and keep the program with its source beside it, as
    image_from_elf."""
    return image_keep(image_assemble(source=source, mode=mode), by=by)


def image_read_elf(*, data: bytes, name: str) -> Image:
    """An ELF file as an image that is not kept yet. Raises InvalidImage."""
    if len(data) > MAX_IMAGE:
        raise ImageTooLarge(len(data))
    answer, _ = dispatch.quick_job({"job": "elf"}, data)
    image = _image(answer, data, name=name, field="file")
    image.lines = image_lines(data)
    return image


def image_lines(data: bytes) -> dict[str, Any]:
    """Source lines, where the file has them. A program runs without."""
    if _LINE_TABLE not in data:
        return {}
    try:
        answer, _ = dispatch.quick_job({"job": "lines"}, data)
    except JobFailed as error:
        logger.warning("no source lines: %s", error)
        return {}
    return {"files": answer["files"], "lines": answer["lines"]}


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


def image_symbols(image: Image) -> dict[str, tuple[str, int, str]]:
    """Address, size and kind by name, read from the program again by a limited child.
    Raises JobFailed where no worker answers."""
    if image.kind == "flat":
        return stored_symbols(image)
    answer, _ = dispatch.quick_job({"job": "elf"}, bytes(image.data))
    if not answer.get("ok"):
        return stored_symbols(image)
    code = [s for s in answer["segments"] if "x" in s["rights"]]
    return {
        s["name"]: (s["address"], int(s["size"]), _kind(s, code))
        for s in answer["symbols"]
    }


def _kind(symbol: dict[str, Any], code: list[dict[str, Any]]) -> str:
    """What the program says; of a label, which has no type, where it lies."""
    if symbol["kind"] != "notype":
        return str(symbol["kind"])
    at = int(symbol["address"], 16)
    spans = [(int(s["address"], 16), s["size"]) for s in code]
    return "func" if any(0 <= at - start < size for start, size in spans) else "object"


def stored_symbols(image: Image) -> dict[str, tuple[str, int, str]]:
    """What is known without asking: addresses."""
    return {name: (address, 0, "") for name, address in image.symbols.items()}


@transaction.atomic
def image_keep(image: Image, *, by: User | None = None) -> Image:
    """The stored image of the same bytes, stored now if it is the first; by: who is
    charged for it, None where it is ours. Raises StorageFull."""
    theirs = by and BroughtImage.objects.filter(user=by, image=image.pk).exists()
    if by and not theirs:
        bytes_check(by, image.size)
    columns = ("data", "size", "kind", "name", "source", "entry", "symbols", "lines")
    kept, made = Image.objects.get_or_create(
        pk=image.pk, defaults={name: getattr(image, name) for name in columns}
    )
    if not made and image.source and not kept.source:
        kept.source = image.source
        kept.save(update_fields=["source"])
    if by and not theirs:
        image_charge(by, kept)
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
