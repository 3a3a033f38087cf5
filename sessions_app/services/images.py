"""Programs: assembled or uploaded, read by a limited child, kept by their hash."""

from __future__ import annotations

from sessions_app import dispatch
from sessions_app.errors import DomainError
from sessions_app.models import Image

MAX_IMAGE = 64 << 20
MAX_SOURCE = 1 << 20
#: A multipart body is longer than the file in it.
_ENVELOPE = 64 << 10
MAX_BODY = MAX_IMAGE + _ENVELOPE


class ImageTooLarge(DomainError):
    """The upload is longer than an image may be."""

    code = "image_too_large"
    status = 413
    field = "file"

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes; an image may have at most {MAX_IMAGE}")
        self.value = size
        self.allowed = f"at most {MAX_IMAGE} bytes"


class ImageRefused(DomainError):
    """The bytes or the text are no program that can run here."""

    code = "image_refused"
    status = 422

    def __init__(self, detail: str, field: str, code: str) -> None:
        super().__init__(detail)
        self.field = field
        self.code = code


def check_body_length(length: str | None) -> None:
    """Refuse a request by its announced length, before its body is looked at."""
    if length and length.isdigit() and int(length) > MAX_BODY:
        raise ImageTooLarge(int(length))


def image_from_elf(*, data: bytes, name: str) -> Image:
    """Keep an ELF file that the emulator can load. Raises ImageRefused; then nothing is kept."""
    if len(data) > MAX_IMAGE:
        raise ImageTooLarge(len(data))
    answer, _ = dispatch.quick_job({"job": "elf"}, data)
    return _keep(answer, data, name=name, field="file")


def image_from_assembly(*, source: str, mode: str) -> Image:
    """Assemble a text and keep the program with its source beside it."""
    request = {"job": "assemble", "source": source.replace("\r\n", "\n"), "mode": mode}
    answer, data = dispatch.quick_job(request, b"")
    return _keep(answer, data, name="program", field="assembly", source=source)


def _keep(
    answer: dict[str, object], data: bytes, *, name: str, field: str, source: str = ""
) -> Image:
    if not answer.get("ok"):
        raise _refusal(answer, field)
    image, made = Image.objects.get_or_create(
        pk=answer["sha256"],
        defaults={
            "data": data,
            "size": len(data),
            "kind": answer["format"],
            "name": name[:200],
            "source": source,
            "symbols": {s["name"]: s["address"] for s in answer["symbols"]},
        },
    )
    if not made and source and not image.source:
        image.source = source
        image.save(update_fields=["source"])
    return image


def _refusal(answer: dict[str, object], field: str) -> ImageRefused:
    error = answer.get("error") or {}
    detail = str(error.get("detail") or "the program was refused")
    where = error.get("field")
    if where and where not in ("program", field):
        detail = f"{where}: {detail}"
    return ImageRefused(detail, field, str(error.get("code") or "image_refused"))
