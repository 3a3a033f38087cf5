"""c, s, C, S and vCont of the full face."""

from __future__ import annotations

import pytest

from emulator.gdbstub.actions import Resume, ResumeKind, ThreadResume
from emulator.tests.gdbstub.fake_target import FakeResumption, FakeTarget, full

C, S = ResumeKind.CONTINUE, ResumeKind.STEP
ALL = ThreadResume(C)


@pytest.mark.parametrize(
    ("packet", "actions", "address"),
    [
        (b"c", (ThreadResume(C, 0x22), ALL), None),
        (b"s", (ThreadResume(S, 0x22), ALL), None),
        (b"c1000", (ThreadResume(C, 0x22), ALL), 0x1000),
        (b"C05", (ThreadResume(C, 0x22, 5), ALL), None),
        (b"S0b;1000", (ThreadResume(S, 0x22, 11), ALL), 0x1000),
        (b"vCont;c", (ALL,), None),
        (b"vCont;s:22;c", (ThreadResume(S, 0x22), ALL), None),
        (
            b"vCont;C05:1;s:-3;c:-1",
            (ThreadResume(C, 1, 5), ThreadResume(S, -3), ALL),
            None,
        ),
        (b"vCont;s:0", (ThreadResume(S),), None),
    ],
)
def test_resume(
    packet: bytes, actions: tuple[ThreadResume, ...], address: int | None
) -> None:
    client = full()

    assert client.ask(packet) is None
    assert client.last.actions == [Resume(actions, address)]


def test_Hc_chooses_who_steps() -> None:
    client = full()
    client.ask(b"Hc1")
    client.ask(b"s")

    assert client.last.actions == [Resume((ThreadResume(S, 1), ALL))]


@pytest.mark.parametrize(
    "packet",
    [
        b"czz",
        b"sg",
        b"C",
        b"Czz",
        b"C05;",
        b"vCont",
        b"vCont;",
        b"vCont;x",
        b"vCont;c:",
        b"vCont;c:7777",
        b"vCont;c:22junk",
        b"vCont;C",
        b"vCont;r1,2",
        b"vCont;t",
        b"vCont;c;",
    ],
)
def test_what_does_not_read_resumes_nothing(packet: bytes) -> None:
    client = full()
    answer = client.ask(packet)
    expected = None if packet == b"C05;" else b"E16"

    assert answer == expected
    assert bool(client.last.actions) is (expected is None)


def test_what_is_possible() -> None:
    assert full().ask(b"vCont?") == b"vCont;c;s;C;S"


def test_a_target_that_cannot_step() -> None:
    client = full(FakeTarget(resumption=FakeResumption(kinds=[C])))

    assert client.ask(b"vCont?") == b"vCont;c;C"
    assert client.ask(b"vCont;s") == b"E16"
    assert client.ask(b"s") == b""


@pytest.mark.parametrize("packet", [b"c", b"s", b"vCont?"])
def test_a_target_that_cannot_run(packet: bytes) -> None:
    assert full(FakeTarget(resumption=None)).ask(packet) == b""
