"""Z and z of the kernel."""

from __future__ import annotations

import pytest

from emulator.gdbstub.target import BreakpointKind
from emulator.tests.gdbstub.fake_target import FakeMemory, FakeTarget, faithful

V = 0xFFFFFFFFA0002600
V_TEXT = b"ffffffffa0002600"


def machine() -> FakeTarget:
    return FakeTarget(memory=FakeMemory(V))


def hardware(target: FakeTarget) -> list[tuple[BreakpointKind, int, int]]:
    assert target.breakpoints
    return target.breakpoints.hardware


@pytest.mark.parametrize(
    ("digit", "kind", "length"),
    [
        pytest.param(b"1", BreakpointKind.HARDWARE, 1, id="length-forced-to-1"),
        pytest.param(b"2", BreakpointKind.WRITE, 8, id="write"),
        pytest.param(b"4", BreakpointKind.ACCESS, 8, id="access"),
    ],
)
def test_Z_sets(digit: bytes, kind: BreakpointKind, length: int) -> None:
    target = machine()

    assert faithful(target).ask(b"Z" + digit + b"," + V_TEXT + b",8") == b"OK"
    assert hardware(target) == [(kind, V, length)]


def test_z_removes() -> None:
    target = machine()
    client = faithful(target)
    client.ask(b"Z2," + V_TEXT + b",8")

    assert client.ask(b"z2," + V_TEXT + b",8") == b"OK"
    assert hardware(target) == []


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        pytest.param(b"Z3,%b,8", b"E01", id="read-watchpoint"),
        pytest.param(b"Z2,%b,3", b"E01", id="length"),
        pytest.param(b"z2,%b,8", b"E01", id="nothing-to-remove"),
        pytest.param(b"z0,%b,1", b"E02", id="no-int3-to-remove"),
        pytest.param(b"Z5,%b,1", b"", id="unknown-kind"),
        pytest.param(b"Z:,%b,1", b"", id="no-kind"),
        pytest.param(b"Z/,%b,1", b"", id="below-0"),
        pytest.param(b"Z2%b,8", b"E22", id="no-comma"),
        pytest.param(b"Z2,%b", b"E22", id="no-length"),
        pytest.param(b"Z2,%b,", b"E22", id="empty-length"),
        pytest.param(b"Z2,%b;8", b"E22", id="semicolon"),
        pytest.param(b"Z2,%b,8;X1,00", b"OK", id="what-follows"),
        pytest.param(b"Z2,%b,100000008", b"OK", id="length-is-an-int"),
        pytest.param(b"Z2,%b,-8", b"E01", id="negative-length"),
    ],
)
def test_answers(packet: bytes, answer: bytes) -> None:
    assert faithful(machine()).ask(packet % V_TEXT) == answer


@pytest.mark.parametrize("packet", [b"Z", b"z", b"Z0", b"Z2", b"Z2,,8", b"Z2,zz,8"])
def test_truncated(packet: bytes) -> None:
    unknown = len(packet) == 1

    assert faithful(machine()).ask(packet) == (b"" if unknown else b"E22")


def test_the_fifth_hardware_breakpoint_is_refused() -> None:
    client = faithful(machine())
    answers = [client.ask(b"Z2,%x,8" % (V + 8 * n)) for n in range(5)]

    assert answers == [b"OK"] * 4 + [b"E01"]


def test_z_needs_only_the_address() -> None:
    client = faithful(machine())
    client.ask(b"Z2," + V_TEXT + b",8")

    assert client.ask(b"z1," + V_TEXT + b",1") == b"OK"


def test_Z0_twice() -> None:
    client = faithful(machine())

    assert client.ask(b"Z0," + V_TEXT + b",1") == b"OK"
    assert client.ask(b"Z0," + V_TEXT + b",1") == b"E17"


def test_the_1001st_Z0() -> None:
    target = machine()
    assert target.breakpoints
    target.breakpoints.software = list(range(1000))

    assert faithful(target).ask(b"Z0," + V_TEXT + b",1") == b"E07"


def test_Z0_at_null_is_out_of_range_for_new_kernels() -> None:
    """kgdb-6.x.md: E34."""
    assert faithful(machine()).ask(b"Z0,0,1") == b"E34"


def test_Z0_at_null_faults_in_old_ones() -> None:
    assert faithful(machine(), reads_kernel_only=False).ask(b"Z0,0,1") == b"E14"


def test_Z0_at_an_unmapped_kernel_address_faults() -> None:
    assert faithful(machine()).ask(b"Z0,ffffffffa0000000,1") == b"E14"


def test_a_refused_Z0_sets_nothing() -> None:
    target = machine()
    faithful(target).ask(b"Z0,0,1")

    assert target.breakpoints
    assert target.breakpoints.software == []


def test_a_target_without_breakpoints() -> None:
    assert faithful(FakeTarget(breakpoints=None)).ask(b"Z2,1,1") == b""
