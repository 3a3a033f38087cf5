"""Events as JSON lines."""

from __future__ import annotations

import json
import struct

from emulator.events import (
    NO_SLOT,
    RECORD,
    Callee,
    ConditionResult,
    EventFlag,
    EventKind,
    Outcome,
)
from emulator.snapshot import SNAPSHOT, WORDS
from emulator.trace.event_lines import batch_lines, event_line
from emulator.wire import Batch


def record(
    kind: int, *, seq: int = 1, slot: int = NO_SLOT, flags: int = 0, aux: int = 0
) -> tuple[int, ...]:
    """A record with recognisable contents."""
    top = 0xFFFFFFFF81001004
    return (seq, 9, 0, top, 0x403028, 20, 100, -28, kind, 1, slot, flags, aux)


def test_words_are_hexadecimal_strings() -> None:
    line = event_line(record(EventKind.HIT))

    assert (line["rip"], line["addr"], line["value"]) == (
        "0xffffffff81001004",
        "0x403028",
        "0x14",
    )


def test_flags_are_names() -> None:
    flags = EventFlag.USER | EventFlag.WRITE

    assert event_line(record(EventKind.HIT, flags=flags))["flags"] == ["USER", "WRITE"]


def test_no_slot_is_null() -> None:
    assert event_line(record(EventKind.CALL))["slot"] is None


def test_a_call_names_its_callee() -> None:
    line = event_line(record(EventKind.CALL, aux=Callee.notify_die))

    assert line["callee"] == "notify_die"


def test_a_hit_has_dr6_bits_and_no_callee() -> None:
    assert "callee" not in event_line(record(EventKind.HIT, slot=0, aux=1))


def test_a_register_write_names_the_register() -> None:
    assert event_line(record(EventKind.DR_WRITE, slot=7))["target"] == "dr7"


def test_a_shadow_write_names_the_field() -> None:
    assert event_line(record(EventKind.SHADOW_WRITE, slot=0))["target"] == "cpu_dr7"


def test_a_condition_names_its_result() -> None:
    line = event_line(record(EventKind.CONDITION, slot=3, aux=ConditionResult.last))

    assert (line["slot"], line["result"], "callee" in line) == (3, "last", False)


def test_the_end_names_the_outcome() -> None:
    line = event_line(record(EventKind.RUN_END, aux=Outcome.livelock))

    assert line["outcome"] == "livelock"


def test_a_kind_from_the_future_stays_a_number() -> None:
    assert event_line(record(999))["kind"] == "999"


def test_texts_stand_with_their_event() -> None:
    batch = Batch(
        1, 0, RECORD.pack(*record(EventKind.OUTPUT)), b"", [(1, 1, b"hi\xff")]
    )

    (line,) = batch_lines(batch)

    assert json.loads(line)["text"] == {"stdout": "hi�"}


def test_registers_come_only_when_asked_for() -> None:
    snapshot = SNAPSHOT.pack(1, 100, 0, 1, 0, *range(len(WORDS)))
    batch = Batch(1, 0, RECORD.pack(*record(EventKind.HIT)), snapshot)

    plain, full = next(batch_lines(batch)), next(batch_lines(batch, registers=True))

    assert "registers" not in json.loads(plain)
    assert json.loads(full)["registers"]["rip"] == hex(WORDS.index("rip"))


def test_a_record_has_sixty_four_bytes() -> None:
    assert struct.calcsize(RECORD.format) == 64
