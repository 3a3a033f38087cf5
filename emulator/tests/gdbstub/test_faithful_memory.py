"""m, M and X of the kernel."""

from __future__ import annotations

import pytest

from emulator.tests.gdbstub.fake_target import PAGE, FakeMemory, FakeTarget, faithful

#: The variable v of the recorded test module.
V = 0xFFFFFFFFA0002600
USER = 0x400000


def machine() -> FakeTarget:
    return FakeTarget(memory=FakeMemory(V, USER))


def stored(target: FakeTarget, address: int, length: int) -> bytes:
    assert target.memory
    return target.memory.read(0, address, length)


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        pytest.param(b"mffffffffa0002600,8", b"0000000000000000", id="recorded"),
        pytest.param(b"m0,4", b"E22", id="recorded-null"),
        pytest.param(b"mzz", b"E22", id="recorded-no-number"),
        pytest.param(b"m", b"E22", id="nothing"),
        pytest.param(b"mffffffffa0002600", b"E22", id="no-length"),
        pytest.param(b"mffffffffa0002600,", b"E22", id="empty-length"),
        pytest.param(b"mffffffffa0002600;8", b"E22", id="semicolon"),
        pytest.param(b"mffffffffa0002600,2,junk", b"0000", id="what-follows"),
        pytest.param(b"mffffffffa0002600,0", b"", id="no-byte"),
        pytest.param(b"m-5fffda00,2", b"0000", id="negative-address"),
        pytest.param(b"m1ffffffffa0002600,2", b"0000", id="65-bits"),
        pytest.param(b"mffffffffa0003000,1", b"E22", id="unmapped"),
        pytest.param(b"mffffffffffffffff,2", b"E22", id="around-the-end"),
    ],
)
def test_m(packet: bytes, answer: bytes) -> None:
    assert faithful(machine()).ask(packet) == answer


def test_m_of_a_range_that_is_not_all_mapped_gives_nothing() -> None:
    assert faithful(machine()).ask(b"mffffffffa0002ff8,10") == b"E22"


def test_m_of_1024_bytes_answers_more_than_the_buffer_holds() -> None:
    """kgdb-6.x.md: 2048 digits, although the buffer has 1024 bytes."""
    target = FakeTarget(memory=FakeMemory(V, V + PAGE))
    answer = faithful(target).ask(b"mffffffffa0002600,400")

    assert answer == b"0" * 2048


def test_m_of_more_is_refused() -> None:
    assert faithful(machine()).ask(b"mffffffffa0002600,401") == b"E22"


def test_m_of_user_memory_is_refused_by_new_kernels() -> None:
    assert faithful(machine()).ask(b"m400000,1") == b"E22"


def test_m_of_user_memory_is_read_by_old_ones() -> None:
    assert faithful(machine(), reads_kernel_only=False).ask(b"m400000,1") == b"00"


def test_m_of_old_kernels_says_why_not() -> None:
    client = faithful(machine(), read_errno_kept=True, reads_kernel_only=False)

    assert client.ask(b"m0,4") == b"E14"


def test_M_writes() -> None:
    target = machine()

    assert faithful(target).ask(b"Mffffffffa0002600,2:5aa5") == b"OK"
    assert stored(target, V, 3) == b"\x5a\xa5\x00"


def test_M_writes_no_more_than_it_says() -> None:
    target = machine()

    assert faithful(target).ask(b"Mffffffffa0002600,1:5aa5") == b"OK"
    assert stored(target, V, 2) == b"\x5a\x00"


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        pytest.param(b"M0,1:5a", b"E14", id="recorded-null"),
        pytest.param(b"Mffffffffa0002600,0:", b"OK", id="nothing"),
        pytest.param(b"Mffffffffa0002600,2:5a", b"E22", id="too-few"),
        pytest.param(b"Mffffffffa0002600,1:zz", b"E22", id="no-digits"),
        pytest.param(b"Mffffffffa0002600,1", b"E22", id="no-colon"),
        pytest.param(b"M,1:00", b"E22", id="no-address"),
    ],
)
def test_M(packet: bytes, answer: bytes) -> None:
    assert faithful(machine()).ask(packet) == answer


def test_X_probe_of_gdb() -> None:
    """Recorded: Xffffffffa0002600,0: -> OK."""
    assert faithful(machine()).ask(b"Xffffffffa0002600,0:") == b"OK"


def test_X_unescapes() -> None:
    target = machine()

    assert faithful(target).ask(b"Xffffffffa0002600,4:}\x03}\x04}]\x00") == b"OK"
    assert stored(target, V, 4) == b"#$}\x00"


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        pytest.param(b"X0,1:a", b"E14", id="null"),
        pytest.param(b"Xffffffffa0002600,2:a", b"E22", id="too-few"),
        pytest.param(b"Xffffffffa0002600,1", b"E22", id="no-colon"),
        pytest.param(b"X", b"E22", id="nothing"),
    ],
)
def test_X(packet: bytes, answer: bytes) -> None:
    assert faithful(machine()).ask(packet) == answer


@pytest.mark.parametrize("packet", [b"m1,1", b"M1,1:00", b"X1,1:a"])
def test_a_target_without_memory_refuses(packet: bytes) -> None:
    client = faithful(FakeTarget(memory=None), reads_kernel_only=False)

    assert client.ask(packet) == b"E22"
