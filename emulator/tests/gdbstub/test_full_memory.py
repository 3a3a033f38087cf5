"""m, M, X and x of the full face."""

from __future__ import annotations

import pytest

from emulator.gdbstub.full.session import PACKET_SIZE
from emulator.tests.gdbstub.fake_target import PAGE, FakeMemory, FakeTarget, full

V = 0x601000


def machine() -> FakeTarget:
    memory = FakeMemory(V)
    memory.load(V, b"#$}*\x00\xff")
    return FakeTarget(memory=memory)


def stored(target: FakeTarget, length: int) -> bytes:
    assert target.memory
    return target.memory.read(0, V, length)


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        pytest.param(b"m601000,6", b"23247d2a00ff", id="m"),
        pytest.param(b"m601000,0", b"", id="nothing"),
        pytest.param(b"m601ffe,10", b"0000", id="up-to-the-end-of-the-mapping"),
        pytest.param(b"m0,4", b"E0e", id="unmapped"),
        pytest.param(b"mffffffffffffffff,2", b"E0e", id="around-the-end"),
        pytest.param(b"m", b"E16", id="empty"),
        pytest.param(b"m601000", b"E16", id="no-length"),
        pytest.param(b"m601000,", b"E16", id="empty-length"),
        pytest.param(b"m601000,4junk", b"E16", id="junk"),
        pytest.param(b"m-1,4", b"E16", id="negative"),
        pytest.param(b"m10000000000000000,1", b"E16", id="65-bits"),
        pytest.param(b"x601000,6", b"b}\x03}\x04}]}\x0a\x00\xff", id="x"),
        pytest.param(b"x601000,0", b"b", id="x-nothing"),
        pytest.param(b"x0,4", b"E0e", id="x-unmapped"),
        pytest.param(b"x", b"E16", id="x-empty"),
    ],
)
def test_reading(packet: bytes, answer: bytes) -> None:
    assert full(machine()).ask(packet) == answer


@pytest.mark.parametrize("command", [b"m", b"x"])
def test_a_reply_is_never_longer_than_a_packet(command: bytes) -> None:
    pages = range(V, V + 16 * PAGE, PAGE)
    memory = FakeMemory(*pages)
    for page in pages:
        memory.load(page, b"#" * PAGE)
    answer = full(FakeTarget(memory=memory)).ask(command + b"601000,ffffffff")

    assert answer is not None
    assert PACKET_SIZE - 2 <= len(answer) <= PACKET_SIZE


def test_M_writes() -> None:
    target = machine()

    assert full(target).ask(b"M601000,2:0aA0") == b"OK"
    assert stored(target, 3) == b"\x0a\xa0}"


def test_X_writes() -> None:
    target = machine()

    assert full(target).ask(b"X601000,3:}]}\x03\x00") == b"OK"
    assert stored(target, 4) == b"}#\x00*"


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        pytest.param(b"X601000,0:", b"OK", id="probe"),
        pytest.param(b"X601000,2:a", b"E16", id="X-too-few"),
        pytest.param(b"X601000,1:ab", b"E16", id="X-too-many"),
        pytest.param(b"X601000,1", b"E16", id="X-no-colon"),
        pytest.param(b"X0,1:a", b"E0e", id="X-unmapped"),
        pytest.param(b"M601000,2:aa", b"E16", id="M-too-few"),
        pytest.param(b"M601000,1:aabb", b"E16", id="M-too-many"),
        pytest.param(b"M601000,1:a", b"E16", id="M-half-a-byte"),
        pytest.param(b"M601000,1:gg", b"E16", id="M-no-digits"),
        pytest.param(b"M0,1:aa", b"E0e", id="M-unmapped"),
    ],
)
def test_writing(packet: bytes, answer: bytes) -> None:
    assert full(machine()).ask(packet) == answer


def test_a_refused_write_writes_nothing() -> None:
    target = machine()
    full(target).ask(b"M601000,2:aa")

    assert stored(target, 2) == b"#$"


@pytest.mark.parametrize("packet", [b"m1,1", b"x1,1", b"M1,1:00", b"X1,1:a"])
def test_a_target_without_memory(packet: bytes) -> None:
    assert full(FakeTarget(memory=None)).ask(packet) == b""
