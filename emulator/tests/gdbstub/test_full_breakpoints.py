"""Z and z of the full face."""

from __future__ import annotations

import pytest

from emulator.gdbstub.target import BreakpointKind
from emulator.tests.gdbstub.fake_target import (
    FakeBreakpoints,
    FakeConditions,
    FakeTarget,
    full,
)


def hardware(target: FakeTarget) -> list[tuple[BreakpointKind, int, int]]:
    assert target.breakpoints
    return target.breakpoints.hardware


def test_a_watchpoint() -> None:
    target = FakeTarget()

    assert full(target).ask(b"Z2,601000,4") == b"OK"
    assert hardware(target) == [(BreakpointKind.WRITE, 0x601000, 4)]


def test_it_is_removed() -> None:
    target = FakeTarget()
    client = full(target)
    client.ask(b"Z2,601000,4")

    assert client.ask(b"z2,601000,4") == b"OK"
    assert hardware(target) == []


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        pytest.param(b"Z3,601000,4", b"", id="not-a-kind-of-the-target"),
        pytest.param(b"Z5,601000,4", b"", id="not-a-kind"),
        pytest.param(b"Z", b"", id="no-kind"),
        pytest.param(b"Z2,601000,3", b"E01", id="refused-by-the-target"),
        pytest.param(b"z2,601000,4", b"E01", id="not-there"),
        pytest.param(b"z0,601000,1", b"E02", id="no-int3-there"),
        pytest.param(b"Z2", b"E16", id="nothing"),
        pytest.param(b"Z2,", b"E16", id="no-address"),
        pytest.param(b"Z2,601000", b"E16", id="no-length"),
        pytest.param(b"Z2,601000,4junk", b"E16", id="junk"),
        pytest.param(b"Z2,-1,4", b"E16", id="negative"),
    ],
)
def test_answers(packet: bytes, answer: bytes) -> None:
    assert full().ask(packet) == answer


@pytest.mark.parametrize(
    "conditions",
    [
        pytest.param(b";X2,0027", id="condition"),
        pytest.param(b";X2,0027X1,27", id="two"),
        pytest.param(b";cmds:0,X1,27", id="commands"),
        pytest.param(b";X1,27;cmds:1,X1,27", id="both"),
    ],
)
def test_conditions_are_refused(conditions: bytes) -> None:
    """EOPNOTSUPP, 95; an empty reply would say that there are no breakpoints."""
    target = FakeTarget()

    assert full(target).ask(b"Z2,601000,4" + conditions) == b"E5f"
    assert hardware(target) == []


@pytest.mark.parametrize(
    "conditions", [b";X2,00", b";X2", b";Xzz,00", b";Y", b";cmds:", b";X1,zz"]
)
def test_conditions_that_do_not_read(conditions: bytes) -> None:
    assert full().ask(b"Z2,601000,4" + conditions) == b"E16"


def conditional() -> tuple[FakeTarget, FakeConditions]:
    """A target that evaluates conditions."""
    conditions = FakeConditions()
    return FakeTarget(conditions=conditions), conditions


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        pytest.param(b";X3,220127", [b"\x22\x01\x27"], id="one"),
        pytest.param(b";X1,27X2,2827", [b"\x27", b"\x28\x27"], id="two"),
        pytest.param(b";X1,27;X1,28", [b"\x27", b"\x28"], id="two-lists"),
        pytest.param(b";X0,", [b""], id="empty"),
    ],
)
def test_conditions_reach_a_target_that_evaluates_them(
    sent: bytes, codes: list[bytes]
) -> None:
    target, conditions = conditional()

    assert full(target).ask(b"Z0,401000,1" + sent) == b"OK"
    assert conditions.inserted == [(BreakpointKind.SOFTWARE, 0x401000, 1, codes)]


def test_commands_are_refused_even_then() -> None:
    target, conditions = conditional()

    assert full(target).ask(b"Z0,401000,1;X1,27;cmds:0,X1,27") == b"E5f"
    assert conditions.inserted == []


def test_a_breakpoint_without_conditions_is_inserted_as_ever() -> None:
    target, conditions = conditional()

    assert full(target).ask(b"Z2,601000,4") == b"OK"
    assert (hardware(target), conditions.inserted) == (
        [(BreakpointKind.WRITE, 0x601000, 4)],
        [],
    )


def test_conditions_have_no_place_in_a_removal() -> None:
    target, _ = conditional()

    assert full(target).ask(b"z0,401000,1;X1,27") == b"E16"


@pytest.mark.parametrize(
    ("target", "announced"),
    [
        pytest.param(FakeTarget(), False, id="none"),
        pytest.param(conditional()[0], True, id="evaluates"),
        pytest.param(
            FakeTarget(conditions=FakeConditions(), breakpoints=None),
            False,
            id="no-breakpoints",
        ),
    ],
)
def test_what_is_announced_is_what_the_target_can(
    target: FakeTarget, announced: bool
) -> None:
    answer = full(target).ask(b"qSupported:")

    assert answer is not None
    assert (b"ConditionalBreakpoints+" in answer) is announced


def test_an_empty_list_of_conditions_is_none() -> None:
    assert full().ask(b"Z2,601000,4;") == b"OK"


def test_a_target_without_breakpoints() -> None:
    assert full(FakeTarget(breakpoints=None)).ask(b"Z2,601000,4") == b""


def test_a_target_with_int3_only() -> None:
    target = FakeTarget(breakpoints=FakeBreakpoints(kinds=[BreakpointKind.SOFTWARE]))
    client = full(target)

    assert client.ask(b"Z0,601000,1") == b"OK"
    assert client.ask(b"Z1,601000,1") == b""
