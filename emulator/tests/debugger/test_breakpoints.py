"""Breakpoints of the debugger outside with conditions, without a gdb."""

from __future__ import annotations

import pytest

from emulator.conditions import Tally
from emulator.debugger.breakpoints import MAX_BREAKPOINTS, OutsideBreakpoints
from emulator.events import Outcome
from emulator.gdbstub.agent import Op
from emulator.tests.conditions.loops import DATA, LOAD, STORE, recipe_of
from emulator.tests.debugger.typed import typed
from emulator.tests.engine.runs import EXIT
from emulator.tests.kernel.guest import Guest

#: gdb's number of RCX, which counts down from 5.
RCX = 2
WATCH = b"Z2,%x,4" % DATA
BREAK = b"Z0,%x,1" % (LOAD + STORE)


def when(*code: int | bytes) -> bytes:
    """A condition as gdb writes it."""
    data = b"".join(c if isinstance(c, bytes) else bytes([c]) for c in code)
    return b";X%x,%b" % (len(data), data.hex().encode())


def rcx_is(number: int) -> bytes:
    return when(Op.reg, 0, RCX, Op.const8, number, Op.equal, Op.end)


def stops(*packets: bytes) -> list[str]:
    """Then the client goes on for as long as it is stopped."""
    client, result = typed(recipe_of(), [*packets, *[b"c"] * 9])
    assert result.outcome is Outcome.completed
    return client.stops


def test_without_a_condition_each_hit_stops() -> None:
    assert stops(WATCH) == ["watch"] * 5


@pytest.mark.parametrize(
    ("condition", "times"),
    [
        pytest.param(rcx_is(3), 1, id="once"),
        pytest.param(rcx_is(9), 0, id="never"),
        pytest.param(rcx_is(3) + rcx_is(2)[1:], 2, id="either"),
        pytest.param(when(Op.end), 5, id="no-value"),
        # xmm0 is no integer.
        pytest.param(when(Op.reg, 0, 40, Op.end), 5, id="no-integer"),
        pytest.param(when(Op.reg, 0xFF, 0xFF, Op.end), 5, id="no-register"),
        pytest.param(when(Op.const8, 0, Op.ref32, Op.end), 5, id="unmapped"),
        pytest.param(
            when(Op.const32, (LOAD + 0x1FFE).to_bytes(4, "big"), Op.ref32, Op.end),
            5,
            id="half-mapped",
        ),
    ],
)
@pytest.mark.parametrize("place", [WATCH, BREAK], ids=["watch", "break"])
def test_a_condition_says_which(place: bytes, condition: bytes, times: int) -> None:
    assert len(stops(place + condition)) == times


@pytest.mark.parametrize(
    ("place", "times"), [(WATCH, 2), (BREAK, 1)], ids=["after", "before"]
)
def test_memory_is_that_of_the_moment(place: bytes, times: int) -> None:
    """A watch is told when the store is done, a breakpoint when it is still to come."""
    at_least_4 = when(
        *(Op.const32, DATA.to_bytes(4, "big"), Op.ref32),
        *(Op.const8, 4, Op.less_unsigned, Op.log_not, Op.end),
    )

    assert len(stops(place + at_least_4)) == times


def test_the_same_breakpoint_again_takes_the_new_condition() -> None:
    assert len(stops(WATCH + rcx_is(3), WATCH + rcx_is(9))) == 0


def test_inserted_again_without_one_it_has_none() -> None:
    assert len(stops(WATCH + rcx_is(3), WATCH)) == 5


def test_removed_once_it_is_gone() -> None:
    assert stops(WATCH, WATCH, b"z" + WATCH[1:]) == []


def test_of_two_that_were_touched_the_wanted_one_is_named() -> None:
    other = b"Z4,%x,2" % DATA
    client, _ = typed(recipe_of(), [WATCH + rcx_is(9), other + rcx_is(4), b"c"])

    assert client.stops == ["awatch"]
    assert any(b"awatch:%x" % DATA in said for said in client.said)


def test_a_step_that_meets_an_unwanted_hit_goes_on() -> None:
    client, _ = typed(recipe_of(), [BREAK + rcx_is(9), b"s", b"s", b"s", b"s"])

    assert client.stops == ["signal 5"] * 4


def test_how_many_there_may_be() -> None:
    places = [b"Z0,%x,1" % (0x1000 + n) for n in range(MAX_BREAKPOINTS)]
    client, _ = typed(recipe_of(), [*places, b"Z0,0,1", places[0]])

    answers = [said for said in client.said if b"$OK" in said or b"$E" in said]
    assert len(answers) == MAX_BREAKPOINTS + 2
    assert [b"$OK" in said for said in answers[-2:]] == [False, True]


@pytest.mark.parametrize(
    ("words", "times"),
    [
        ("want 0x401000 ignore 3", 2),
        ("want 0x401000 limit 3", 3),
        ("want data if value == 2 || value == 5", 2),
        ("want data+0x4 limit 1", 5),
    ],
)
def test_a_wish(words: str, times: int) -> None:
    assert len(stops(b"qRcmd," + words.encode().hex().encode(), WATCH)) == times


def test_a_wish_counts_what_gdbs_condition_lets_through() -> None:
    wish = b"qRcmd," + b"want data ignore 1".hex().encode()
    some = when(Op.reg, 0, RCX, Op.const8, 1, Op.bit_and, Op.end)

    # RCX is 5, 3 and 1 at three hits; the first of these is ignored.
    assert len(stops(wish, WATCH + some)) == 2


def test_value_is_not_known_of_what_is_wider_than_a_word() -> None:
    wish = b"qRcmd," + b"want data if value == 1 || hits == 2".hex().encode()

    assert stops(wish, b"Z2,%x,10" % DATA) == []
    assert len(stops(wish, b"Z2,%x,8" % DATA)) == 2


def test_wishes_end_with_their_client() -> None:
    breakpoints = OutsideBreakpoints(Guest(EXIT).system.machine)
    breakpoints.wishes[DATA] = Tally(None, ignore=1)
    breakpoints.remove_all()

    assert breakpoints.wishes == {}
