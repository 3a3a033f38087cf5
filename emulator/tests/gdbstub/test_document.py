"""docs/gdb-protocol.md states what the package does."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from emulator.gdbstub.actions import StopKind
from emulator.gdbstub.agent.evaluate import MAX_STACK, MAX_STEPS
from emulator.gdbstub.faithful import face as faithful
from emulator.gdbstub.faithful.memory import LONGEST_READ
from emulator.gdbstub.faithful.threads import THREADS_PER_REPLY
from emulator.gdbstub.full import face as full
from emulator.gdbstub.outbox import MOST_RESENDS
from emulator.gdbstub.registers import DEBUG
from emulator.gdbstub.rules import FaithfulRules
from emulator.gdbstub.stub import OUTPUT_LIMIT

DOCUMENT = Path(__file__).parents[3] / "docs" / "gdb-protocol.md"


@pytest.fixture(scope="module")
def text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def part(text: str, heading: str) -> str:
    """What stands under a heading."""
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_each_packet_of_the_faithful_face_is_stated(text: str) -> None:
    stated = part(text, "The faithful face")
    letters = [n.decode() for n in (*faithful.HANDLERS, *faithful.SINGLE)]

    assert [c for c in letters if f"`{c}" not in stated] == []


def test_each_packet_of_the_full_face_is_stated(text: str) -> None:
    stated = part(text, "The full face")
    names = [name.decode() for name in full.HANDLERS if name != b"vCont?"]

    assert [n for n in names if f"`{n}" not in stated] == []


def test_each_switch_is_stated(text: str) -> None:
    names = [field.name for field in dataclasses.fields(FaithfulRules)]

    assert [n for n in names if f"| `{n}` |" not in text] == []


def test_each_stop_reason_is_stated(text: str) -> None:
    assert [k for k in StopKind if k.value and f"`{k.value}:`" not in text] == []


def test_the_limits_of_conditions_are_stated(text: str) -> None:
    assert f"than {MAX_STEPS} steps or {MAX_STACK} values" in text


def test_the_debug_registers_are_stated(text: str) -> None:
    assert f"`{DEBUG.name}`" in text


def test_the_limits_are_those_of_the_code(text: str) -> None:
    kernel, modern = faithful.FaithfulFace.framing, full.FullFace.framing

    assert f"| longest packet | {kernel.limit} bytes of data" in text
    assert f"| {modern.limit} (`PacketSize={modern.limit:x}`) |" in text
    assert f"one packet: {kernel.limit + 1} or {modern.limit + 1} |" in text
    assert f"| repetitions of a reply | {MOST_RESENDS};" in text
    assert OUTPUT_LIMIT == 1 << 20
    assert "| output of one `feed` | 1 MiB" in text
    assert f"Up to {LONGEST_READ} bytes are answered" in text
    assert f"the CPUs, then {THREADS_PER_REPLY} tasks" in text
