"""The job ``{"job": "bundle"}`` of emulator.child: check a bundle and the programs in it."""

from __future__ import annotations

from typing import Any

from emulator.errors import BundleError, EmulatorError
from emulator.programs.job import handle as program_job
from emulator.trace.bundle.archive import Archive
from emulator.trace.bundle.layout import image_name
from emulator.trace.bundle.verify import verify_bundle


def handle(blob: bytes) -> dict[str, Any]:
    """``{"ok": true, "bundle": …}`` with what emulator.trace.bundle found, each image with
    the summary of its program; or ``{"ok": false, "error": …}`` as for programs."""
    try:
        found = verify_bundle(blob)
        archive = Archive(blob)
        for image in found["images"]:
            image |= _program(image, archive.read(image_name(image["sha256"])))
    except EmulatorError as error:
        told = {"code": error.code, "detail": error.detail, "field": error.field}
        return {"ok": False, "error": told}
    return {"ok": True, "bundle": found}


def _program(image: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Symbols and entry of an ELF file as it has them, not as the manifest says."""
    where = image_name(image["sha256"])
    if image["kind"] == "flat":
        request = {"job": "flat", "load": image["load"], "symbols": image["symbols"]}
    else:
        request = {"job": "elf"}
    answer, _ = program_job(request, data)
    if not answer["ok"]:
        raise BundleError(f"cannot be loaded: {answer['error']['detail']}", field=where)
    if image["kind"] == "flat":
        return {}
    symbols = {each["name"]: each["address"] for each in answer["symbols"]}
    return {"symbols": symbols, "entry": answer["entry"], "load": ""}
