"""Jobs on programs for the web's quick queue: one JSON request in, one answer out.

``{"job": "assemble", "source": text, "mode": "user" | "kernel"}`` answers with the ELF64
bytes; ``{"job": "elf"}`` with a blob answers with a summary of it, ``{"job": "lines"}``
with ``files`` and ``lines`` (address, file, line) of its DWARF tables; ``{"job": "flat",
"load": "0x…", "symbols": {…}}`` checks a flat image. An answer has ``"ok": true`` and
the summary, or ``"ok": false`` and ``"error": {"code", "detail", "field", "line"}``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from emulator.errors import EmulatorError, ImageError
from emulator.programs.assemble import KERNEL_BASE, USER_BASE, assemble
from emulator.programs.dwarf_lines import line_rows
from emulator.programs.elf import load_elf
from emulator.programs.flat import load_flat
from emulator.programs.image import Program, Segment, Symbol

MAX_SYMBOLS = 20_000
"""Symbols listed in an answer; the program keeps all."""
MAX_NAMES = 2 << 20
"""Characters of all their names: the names of a small file can share their bytes."""

#: What the linker adds by itself and nobody asks for.
_LINKER_SYMBOLS = {"__bss_start", "_edata", "_end"}

_BASES = {"user": USER_BASE, "kernel": KERNEL_BASE}

Request = dict[str, Any]
Answer = tuple[dict[str, Any], bytes]


def handle(request: Request, blob: bytes) -> Answer:
    """Do the job. Every refusal is an answer; nothing of EmulatorError leaves here."""
    try:
        work = _JOBS.get(str(request.get("job")))
        if work is None:
            raise ImageError(f"unknown job; known: {', '.join(_JOBS)}", field="job")
        return work(request, blob)
    except EmulatorError as error:
        return {"ok": False, "error": _error(error)}, b""


def _assemble(request: Request, blob: bytes) -> Answer:
    source = request.get("source", blob.decode("utf-8", "replace"))
    mode = request.get("mode", "user")
    if not isinstance(source, str):
        raise ImageError("the source is no text", field="source")
    if mode not in _BASES:
        raise ImageError(f"unknown mode; known: {', '.join(_BASES)}", field="mode")
    image = assemble(source, base=_BASES[mode])
    return _summary(load_elf(image), image, "elf64"), image


def _elf(request: Request, blob: bytes) -> Answer:
    return _summary(load_elf(blob), blob, "elf64"), b""


def _lines(request: Request, blob: bytes) -> Answer:
    files, rows = line_rows(blob)
    lines = [[hex(address), file, line] for address, file, line in rows]
    return {"ok": True, "files": files, "lines": lines}, b""


def _flat(request: Request, blob: bytes) -> Answer:
    try:
        load = int(request["load"], 16)
        symbols = {str(n): int(a, 16) for n, a in request.get("symbols", {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ImageError('load and symbols are "0x…" strings', field="load") from error
    return _summary(load_flat(blob, load, symbols), blob, "flat"), b""


_JOBS: dict[str, Callable[[Request, bytes], Answer]] = {
    "assemble": _assemble,
    "elf": _elf,
    "lines": _lines,
    "flat": _flat,
}


def _summary(program: Program, image: bytes, form: str) -> dict[str, Any]:
    named = [(n, s) for n, s in program.symbols.items() if n not in _LINKER_SYMBOLS]
    named.sort(key=lambda item: (item[1].address, item[0]))
    return {
        "ok": True,
        "format": form,
        "sha256": hashlib.sha256(image).hexdigest(),
        "size": len(image),
        "entry": hex(program.entry),
        "mode": "kernel" if program.in_kernel_half else "user",
        "segments": [_segment(s) for s in program.segments],
        "symbols": [
            {"name": n, "address": hex(s.address), "size": s.size, "kind": s.kind.value}
            for n, s in _listed(named)
        ],
        "symbols_total": len(named),
    }


def _listed(named: list[tuple[str, Symbol]]) -> Iterator[tuple[str, Symbol]]:
    room = MAX_NAMES
    for name, symbol in named[:MAX_SYMBOLS]:
        room -= len(name)
        if room < 0:
            return
        yield name, symbol


def _segment(segment: Segment) -> dict[str, Any]:
    rights = zip("rwx", (segment.read, segment.write, segment.execute), strict=True)
    return {
        "address": hex(segment.address),
        "size": segment.size_in_memory,
        "file_size": len(segment.data),
        "rights": "".join(letter if has else "-" for letter, has in rights),
    }


def _error(error: EmulatorError) -> dict[str, Any]:
    return {
        "code": error.code,
        "detail": error.detail,
        "field": error.field,
        "line": getattr(error, "line", None),
    }
