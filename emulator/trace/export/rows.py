"""CSV and JSON lines: one row for each event that passes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import numpy as np

from emulator.events import NO_SLOT, EventKind
from emulator.trace.dtype import Array
from emulator.trace.event_lines import event_line, stream_name
from emulator.trace.export.block import Block, Blocks, Names
from emulator.trace.names import enum_name

COLUMNS = (
    *("seq", "hit_no", "kind", "cpu", "slot", "task", "retired"),
    *("rip", "at", "addr", "place", "value", "ret", "flags", "aux", "cause"),
)
_KINDS = {int(kind): kind.name for kind in EventKind}


def csv_lines(blocks: Blocks, names: Names) -> Iterator[bytes]:
    """RFC 4180 with a head line; 64-bit words as 0x…, hit_no only where the event is one."""
    yield _csv([COLUMNS])
    for block in blocks:
        rows = _chosen(block)
        if len(rows):
            yield _csv(_row(block, int(row), names) for row in rows)


def _chosen(block: Block) -> Array:
    rows: Array = np.flatnonzero(block.passes)
    return rows


def _csv(rows: object) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)  # type: ignore[arg-type]  # an iterable of rows
    return out.getvalue().encode()


def _row(block: Block, row: int, names: Names) -> tuple[object, ...]:
    seq, retired, cause, rip, addr, value, task, ret, kind, cpu, slot, flags, aux = (
        block.records[row].item()
    )
    return (
        seq,
        int(block.hits[row]) if kind == EventKind.HIT else "",
        _KINDS.get(kind) or enum_name(EventKind, kind),
        cpu,
        "" if slot == NO_SLOT else slot,
        task,
        retired,
        hex(rip),
        names.place(rip),
        hex(addr),
        names.place(addr) if kind == EventKind.HIT else "",
        hex(value),
        ret,
        flags,
        aux,
        cause,
    )


def json_lines(blocks: Blocks, names: Names) -> Iterator[bytes]:
    """The lines of docs/events.md; a hit has its hit_no, at and place besides."""
    for block in blocks:
        rows = _chosen(block)
        if not len(rows):
            continue
        texts: dict[int, dict[str, str]] = {}
        for seq, stream, data in block.texts():
            said = data.decode("utf-8", "replace")
            texts.setdefault(seq, {})[stream_name(stream)] = said
        lines = [_line(block, int(row), names, texts) for row in rows]
        yield ("\n".join(lines) + "\n").encode()


def _line(
    block: Block, row: int, names: Names, texts: dict[int, dict[str, str]]
) -> str:
    record = block.records[row].item()
    line = event_line(record)
    if line["kind"] == "HIT":
        line["hit_no"] = int(block.hits[row])
        line["at"] = names.place(record[3])
        line["place"] = names.place(record[4])
    if record[0] in texts:
        line["text"] = texts[record[0]]
    return json.dumps(line, separators=(",", ":"))
