"""Events as JSON lines, the form of ``python -m emulator run`` (docs/events.md).

The raw fields of the record are always there; names are added where a number means one.
Addresses and 64-bit contents are "0x…" strings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any

from emulator.events import (
    FIELDS,
    NO_SLOT,
    RECORD,
    Callee,
    ConditionResult,
    EventFlag,
    EventKind,
    GuestField,
    Limit,
    Outcome,
    ShadowField,
)
from emulator.snapshot import SNAPSHOT, WORDS, Moment
from emulator.wire import Batch

_STREAMS = {1: "stdout", 2: "stderr", 3: "remark"}
_WORDS = {"rip", "addr", "value"}

#: Kinds whose aux is no Callee.
_OTHER_AUX = {
    EventKind.HIT,
    EventKind.DEBUG_EXCEPTION,
    EventKind.SIGNAL,
    EventKind.OUTPUT,
    EventKind.FAULT,
    EventKind.LIMIT,
    EventKind.RUN_END,
    EventKind.INVARIANT,
}
_AUX_NAMES: dict[EventKind, tuple[str, type[IntEnum]]] = {
    EventKind.LIMIT: ("limit", Limit),
    EventKind.RUN_END: ("outcome", Outcome),
    EventKind.CONDITION: ("result", ConditionResult),
}
_SLOT_NAMES: dict[EventKind, Callable[[int], str]] = {
    EventKind.DR_WRITE: lambda number: f"dr{number}",
    EventKind.SHADOW_WRITE: lambda number: _name(ShadowField, number),
    EventKind.REGS_WRITE: lambda number: _name(GuestField, number),
}


def event_line(record: tuple[int, ...]) -> dict[str, Any]:
    """One record, as RECORD unpacks it, as a JSON value."""
    raw = dict(zip(FIELDS, record, strict=True))
    line: dict[str, Any] = {
        name: hex(value) if name in _WORDS else value for name, value in raw.items()
    }
    line["kind"] = _name(EventKind, raw["kind"])
    line["flags"] = [flag.name for flag in EventFlag if flag & raw["flags"]]
    if raw["slot"] == NO_SLOT:
        line["slot"] = None
    _add_names(line, raw)
    return line


def _add_names(line: dict[str, Any], raw: dict[str, int]) -> None:
    try:
        kind = EventKind(raw["kind"])
    except ValueError:
        return
    if kind in _SLOT_NAMES:
        line["target"] = _SLOT_NAMES[kind](raw["slot"])
    if kind in _AUX_NAMES:
        name, numbers = _AUX_NAMES[kind]
        line[name] = _name(numbers, raw["aux"])
    elif kind not in _OTHER_AUX and raw["aux"] != Callee.NONE:
        line["callee"] = _name(Callee, raw["aux"])


def snapshot_line(words: tuple[int, ...]) -> dict[str, Any]:
    """One snapshot, as SNAPSHOT unpacks it, as a JSON value."""
    _, task, cpu, moment, _, *values = words
    named = {name: hex(v) for name, v in zip(WORDS, values, strict=True)}
    return {
        "task": task,
        "cpu": cpu,
        "moment": _name(Moment, moment),
        **{name: value for name, value in named.items() if name != "reserved0"},
    }


def stream_name(stream: int) -> str:
    """A stream of the side table by its name, or its number as text."""
    return _STREAMS.get(stream, str(stream))


def batch_lines(batch: Batch, *, registers: bool = False) -> Iterator[str]:
    """The events of a batch as text lines, with their texts and, if wanted, snapshots."""
    texts: dict[int, dict[str, str]] = {}
    for seq, stream, data in batch.texts:
        said = data.decode("utf-8", "replace")
        texts.setdefault(seq, {})[stream_name(stream)] = said
    snapshots = {}
    if registers:
        snapshots = {w[0]: w for w in SNAPSHOT.iter_unpack(batch.snapshots)}
    for record in RECORD.iter_unpack(batch.records):
        line = event_line(record)
        if record[0] in texts:
            line["text"] = texts[record[0]]
        if record[0] in snapshots:
            line["registers"] = snapshot_line(snapshots[record[0]])
        yield json.dumps(line, separators=(",", ":"))


def _name(numbers: type[IntEnum], number: int) -> str:
    """The name of a number, or the number as text when it is newer than this code."""
    try:
        return numbers(number).name
    except ValueError:
        return str(number)
