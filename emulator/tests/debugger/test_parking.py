"""A machine that stands is given up and made again where it stood (decisions D9)."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from emulator.debugger import Close, Data, Logged, Message, Open, Park
from emulator.debugger.messages import FaceName
from emulator.engine import RunResult, run
from emulator.gdbstub.packet import encode
from emulator.tests.conditions.loops import DATA, bp, recipe_of

WATCH = b"Z2,%x,4" % DATA
#: gdb's number of RIP.
RIP = b"p10"
Flush = Callable[[], None]


class Parked(Exception):
    """The child ends here."""


@dataclass
class Line:
    """emulator.debugger.Link and engine.Control of one child."""

    says: deque[Message]
    """In this order: at the first boundary what comes up to a packet or a park, then one
    by one while the machine is held."""
    comes: list[Open] = field(default_factory=list)
    """Who takes a parked machine over."""
    log_lines: list[Logged] = field(default_factory=list)
    sent: bytes = b""
    states: list[str] = field(default_factory=list)
    pending: bool = True

    def checkpoint(self, flush: Flush) -> None:
        self.pending = False

    def take(self) -> list[Message]:
        first = self.says.popleft() if self.says else None
        return [first] if first else []

    def wait(self, flush: Flush) -> Message:
        return self.says.popleft() if self.says else Close()

    def park(self, flush: Flush) -> NoReturn:
        flush()
        raise Parked

    def stand(self, flush: Flush) -> Open | None:
        return self.comes.pop(0) if self.comes else None

    def log(self, line: Logged) -> None:
        self.log_lines.append(line)

    def send(self, data: bytes) -> None:
        self.sent += data

    def tell(self, state: str, who: str, face: str, reason: str) -> None:
        self.states.append(f"{who}: {state} {reason}".strip())


RECIPE, IMAGES = recipe_of(bp(length=4), turns=5)


def packets(*texts: bytes) -> list[Message]:
    """As a client that waits for no acknowledgement says them."""
    return [Data(encode(text)) for text in (b"QStartNoAckMode", *texts)]


def ran(
    says: Sequence[Message],
    log: Sequence[Logged] = (),
    comes: Sequence[Open] = (),
    made: tuple = (RECIPE, IMAGES),
) -> tuple[Line, RunResult]:
    line = Line(deque(says), list(comes))
    return line, run(*made, lambda batch: None, line, commands=log, link=line)


def parked(says: Sequence[Message], made: tuple = (RECIPE, IMAGES)) -> Line:
    """A run whose worker gives up where the words end."""
    line = Line(deque([*says, Park()]))
    with pytest.raises(Parked):
        run(*made, lambda batch: None, line, link=line)
    return line


ALONE = ran([])[1].digest


def test_one_that_was_paused_goes_on_as_if_it_never_stood() -> None:
    line = parked([])

    again, result = ran([], line.log_lines)

    assert result.digest == ALONE
    assert again.log_lines == []


def test_whoever_comes_finds_it_at_the_same_place() -> None:
    line = parked([])

    again, _ = ran(packets(RIP), line.log_lines, [Open("bob")])

    assert again.log_lines[0].message == Open("bob")
    assert again.log_lines[0].position == line.log_lines[-1].position


@pytest.fixture(scope="module")
def held() -> Line:
    """Alice's gdb stands at the second write."""
    line = parked([Open("alice"), *packets(WATCH, b"vCont;c", b"vCont;c", RIP)])
    assert line.sent.count(b"watch:") == 2
    return line


def rip(line: Line) -> int:
    """The last thing that was sent."""
    digits = line.sent.rpartition(b"$")[2].partition(b"#")[0]
    return int(struct.unpack("<Q", bytes.fromhex(digits.decode()))[0])


def test_a_stop_of_a_debugger_is_there_for_the_next_one(held: Line) -> None:
    again, _ = ran(packets(RIP), held.log_lines, [Open("bob")])

    assert rip(again) == rip(held)


def test_the_next_one_is_told_why_it_stands(held: Line) -> None:
    again, _ = ran(packets(b"?"), held.log_lines, [Open("bob")])

    assert b"$T05watch:" in again.sent
    assert again.states[:2] == ["bob: attached", "bob: stopped watch"]


def test_breakpoints_of_the_one_before_are_gone(held: Line) -> None:
    again, _ = ran(packets(b"vCont;c"), held.log_lines, [Open("bob")])

    assert b"watch:" not in again.sent


def test_what_the_next_one_does_can_be_played_back(held: Line) -> None:
    """Two debuggers, one after the other, and the machine given up between them."""
    words = packets(WATCH, b"vCont;c", b"M%x,4:09000000" % DATA, b"z2,%x,4" % DATA)
    again, result = ran(words, held.log_lines, [Open("bob")])

    _, played = ran([], [*held.log_lines, *again.log_lines])

    assert played.digest == result.digest != ALONE


def test_resumed_it_runs_on_without_a_debugger(held: Line) -> None:
    again, _ = ran([], held.log_lines)

    assert [line.message for line in again.log_lines] == [Close()]
    assert again.states == ["alice: detached"]


def test_that_can_be_played_back_too(held: Line) -> None:
    again, result = ran([], held.log_lines)

    _, played = ran([], [*held.log_lines, *again.log_lines])

    assert played.digest == result.digest


def test_parked_twice_it_is_still_there(held: Line) -> None:
    line = Line(deque([*packets(RIP), Park()]), [Open("bob")])
    with pytest.raises(Parked):
        run(RECIPE, IMAGES, lambda b: None, line, commands=held.log_lines, link=line)

    again, _ = ran(
        packets(RIP), [*held.log_lines, *line.log_lines], [Open("carol", FaceName.full)]
    )

    assert rip(again) == rip(held)


def test_the_other_face_cannot_go_on_with_it(held: Line) -> None:
    again, _ = ran([], held.log_lines, [Open("bob", FaceName.faithful)])

    assert again.states[0] == (
        "bob: refused the machine stands in the full face: connect with that"
    )


KERNEL = recipe_of(kernel=True, variant="h-bare", kgdb={}, turns=5)


def test_a_kernel_in_its_debugger_does_not_notice() -> None:
    line = parked([Open("alice", FaceName.faithful), *packets(b"?", b"g")[1:]], KERNEL)

    again, _ = ran(
        packets(b"?", b"g")[1:],
        line.log_lines,
        [Open("bob", FaceName.faithful)],
        KERNEL,
    )

    assert again.states[:2] == ["bob: attached", "bob: stopped signal 5"]
    assert line.sent.rpartition(b"$")[2] == again.sent.rpartition(b"$")[2]
