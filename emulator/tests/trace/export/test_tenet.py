"""Tenet's text: a delta for each moment, rip on each line (README of its traces)."""

from __future__ import annotations

import re

from emulator.events import EventFlag
from emulator.tests.trace.export.traces import block, hit, snapshot
from emulator.trace.export.tenet import tenet_lines

LINE = re.compile(
    r"(?:r[a-z0-9]{1,2}=0x[0-9a-f]+)(?:,r[a-z0-9]{1,2}=0x[0-9a-f]+)*"
    r"(?:,m[rw]=0x[0-9a-f]+:(?:[0-9A-F]{2})+)?"
)


def exported(*blocks) -> list[str]:
    return b"".join(tenet_lines(blocks)).decode().splitlines()


def two_hits() -> list[str]:
    shots = snapshot(1, rax=1, rbx=7) + snapshot(2, rax=2, rbx=7)
    return exported(block([hit(1, 1, 0x11223344), hit(2, 2, 2)], snapshots=shots))


def test_each_line_is_of_the_grammar() -> None:
    assert [bool(LINE.fullmatch(line)) for line in two_hits()] == [True, True]


def test_the_first_line_has_all_registers() -> None:
    assert len(re.findall(r"\br\w+=", two_hits()[0])) == 17


def test_later_lines_have_what_changed_and_rip() -> None:
    assert two_hits()[1] == "rax=0x2,rip=0x40100c,mw=0x402000:02000000"


def test_memory_is_bytes_in_their_order_as_long_as_the_watch() -> None:
    assert two_hits()[0].endswith(",mw=0x402000:44332211")


def test_a_read_is_a_read() -> None:
    read = hit(1, 1, 5, flags=int(EventFlag.READ | EventFlag.SNAPSHOT))

    assert "mr=0x402000:05000000" in exported(block([read], snapshots=snapshot(1)))[0]


def test_an_executed_instruction_touches_no_memory() -> None:
    ran = hit(1, 1, 0, flags=int(EventFlag.EXECUTE | EventFlag.SNAPSHOT))

    assert "m" not in exported(block([ran], snapshots=snapshot(1)))[0]


def test_a_trace_is_of_one_task() -> None:
    shots = snapshot(1) + snapshot(2, task=101) + snapshot(3)
    records = [hit(1, 1, 1), hit(2, 2, 2, task=101), hit(3, 3, 3)]

    assert len(exported(block(records, snapshots=shots))) == 2


def test_the_query_decides_which_task() -> None:
    shots = snapshot(1) + snapshot(2, task=101)
    records = [hit(1, 1, 1), hit(2, 2, 2, task=101)]

    assert len(exported(block(records, passes={2}, snapshots=shots))) == 1


def test_a_second_snapshot_of_a_hit_is_no_second_line() -> None:
    shots = snapshot(1) + snapshot(1, rax=9)

    assert len(exported(block([hit(1, 1, 1)], snapshots=shots))) == 1
