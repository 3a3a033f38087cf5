"""One row of a comparison line by line: the events of both sides with what differs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from emulator.events import Callee, EventFlag
from emulator.snapshot import WORDS
from emulator.trace.compare.comparison import Comparison, State
from emulator.trace.compare.contents import FIELDS
from emulator.trace.compare.outline import Outline
from emulator.trace.compare.pairing import NONE
from emulator.trace.compare.plan import Plan, Time, align, time_of
from emulator.trace.dtype import Array
from emulator.trace.event_words import event_in_words
from emulator.trace.names import enum_name
from emulator.trace.node import Node
from emulator.trace.record import Record

#: Lines of one tree that are told at most; a debugger's stop is the longest.
MAX_LINES = 2000
_OPEN = int(EventFlag.OPEN)


@dataclass(frozen=True, slots=True)
class Said:
    """One side of a line: the record, the same in words, the callee that did it (empty:
    none is named), the texts beside it."""

    record: Record
    node: Node
    by: str
    texts: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What differs: a field of the record, or the word of a snapshot at a moment."""

    what: str
    left: int
    right: int
    moment: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """An event of both sides, or of one. number is its row in the plan, time when it
    differs; elsewhere: the other side has the like at another point of the tree."""

    number: int
    state: State
    level: int
    left: Said | None
    right: Said | None
    changes: list[Change] = field(default_factory=list)
    time: Time = (0.0, 0, 0)
    elsewhere: bool = False

    @property
    def said(self) -> Said:
        """The side that is there; left, when both are."""
        found = self.left or self.right
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """Two trees that stand opposite each other. omitted lines are not told."""

    index: int
    state: State
    lines: list[Line]
    omitted: int = 0

    @property
    def first(self) -> Line:
        """Where it parts first: the line that first differs by more than a name."""
        for least in (State.changed, State.renamed):
            found = [line for line in self.lines if line.state >= least]
            if found:
                return min(found, key=lambda line: line.time)
        return self.lines[0]


class _Side:
    """The lines of one tree with their records."""

    def __init__(self, run: Outline, tree: int) -> None:
        lines = run.lines(tree, tree)
        self.table, self.shots = lines.table, lines.shots
        first = int(run.trees["first"][tree])
        last = first + int(run.trees["events"][tree]) - 1
        piece = run.recording.between(first, last)
        self._records = piece.records[(lines.seq - lines.seq[0]).astype("<i8")]
        self._texts: dict[int, list[bytes]] = {}
        for seq, _, data in piece.texts:
            self._texts.setdefault(seq, []).append(data)

    def said(self, line: int) -> Said:
        """A line in words, its return put back into it."""
        record = Record._make(self._records[line].item())
        record = record._replace(
            ret=int(self.table["ret"][line]), flags=record.flags & ~_OPEN
        )
        return Said(
            record,
            event_in_words(record),
            enum_name(Callee, record.aux) if record.aux else "",
            tuple(self._texts.get(record.seq, ())),
        )


def detail(comparison: Comparison, index: int, limit: int = MAX_LINES) -> Row:
    """The row ``index`` line by line, at most ``limit`` lines."""
    one, other = int(comparison.left[index]), int(comparison.right[index])
    state = State(int(comparison.state[index]))
    left = None if one == NONE else _Side(comparison.left_run, one)
    right = None if other == NONE else _Side(comparison.right_run, other)
    plan = _plan(comparison, one, other)
    lines: list[Line] = []
    levels: dict[tuple[int, int], int] = {}
    for number in range(min(limit, len(plan.left))):
        a, b = int(plan.left[number]), int(plan.right[number])
        level = _level(left, right, a, b, levels)
        levels[a, b] = levels[a, NONE] = levels[NONE, b] = level
        lines.append(_line(number, level, (left, a), (right, b), plan))
    if left is not None and right is not None and comparison.moved[index]:
        lines[0] = _moved(comparison, lines[0], one, other)
    return Row(index, state, lines, len(plan.left) - len(lines))


def _plan(comparison: Comparison, one: int, other: int) -> Plan:
    left, right = comparison.left_run, comparison.right_run
    if one != NONE and other != NONE:
        return comparison.contents.plan(
            int(left.trees["shape"][one]), int(right.trees["shape"][other])
        )
    side, tree = (left, one) if other == NONE else (right, other)
    shape = side.shapes[int(side.trees["shape"][tree])]
    plan = align(shape, shape)
    nothing = plan.left * 0 + NONE
    if other == NONE:
        return replace(plan, right=nothing, shots=[])
    return replace(plan, left=nothing, shots=[])


def _level(
    left: _Side | None,
    right: _Side | None,
    a: int,
    b: int,
    levels: dict[tuple[int, int], int],
) -> int:
    if a > 0 and left is not None:
        return levels[int(left.table["parent"][a]), NONE] + 1
    if b > 0 and right is not None:
        return levels[NONE, int(right.table["parent"][b])] + 1
    return 1


def _line(
    number: int,
    level: int,
    left: tuple[_Side | None, int],
    right: tuple[_Side | None, int],
    plan: Plan,
) -> Line:
    (mine, a), (theirs, b) = left, right
    one = mine.said(a) if mine is not None and a != NONE else None
    other = theirs.said(b) if theirs is not None and b != NONE else None
    if one is None or other is None:
        state = State.only_right if one is None else State.only_left
        elsewhere = bool(plan.elsewhere[number])
        time = time_of(plan, number, "")
        return Line(number, state, level, one, other, time=time, elsewhere=elsewhere)
    assert mine is not None
    assert theirs is not None
    changes = _fields(mine.table[a], theirs.table[b], one, other)
    changes += _words(plan, number, mine.shots, theirs.shots)
    state = _state(plan, number, changes)
    time = time_of(plan, number, changes[0].what if changes else "")
    return Line(number, state, level, one, other, changes, time)


def _state(plan: Plan, number: int, changes: list[Change]) -> State:
    if not changes:
        return State.same
    named = plan.names.get(changes[0].what)
    if len(changes) == 1 and named is not None and named[number]:
        return State.renamed
    return State.changed


def _fields(mine: Array, theirs: Array, one: Said, other: Said) -> list[Change]:
    """Fields that differ as lines, with the values that the records have."""
    out = []
    for name in FIELDS:
        if mine[name] == theirs[name]:
            continue
        if name == "text":
            out.append(Change(name, int(mine[name]), int(theirs[name])))
            continue
        a, b = getattr(one.record, name), getattr(other.record, name)
        out.append(Change(name, a, b))
    return out


def _words(plan: Plan, number: int, mine: Array, theirs: Array) -> list[Change]:
    out = []
    for row, i, j in plan.shots:
        if row != number:
            continue
        moment = int(mine["moment"][i])
        pairs = zip(WORDS, mine["words"][i], theirs["words"][j], strict=True)
        out += [Change(name, int(a), int(b), moment) for name, a, b in pairs if a != b]
    return out


def _moved(comparison: Comparison, line: Line, one: int, other: int) -> Line:
    """The root of a pair that stands further apart than the pair before."""
    place = Change(
        "retired",
        int(comparison.left_run.trees["retired"][one]),
        int(comparison.right_run.trees["retired"][other]),
    )
    return replace(line, state=State.changed, changes=[*line.changes, place])
