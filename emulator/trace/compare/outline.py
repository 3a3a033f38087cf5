"""One run in outline: where each tree stands, what form it has, a hash of what it says.

Enough to pair the trees of two runs and to know which pairs are equal. About 90 bytes for
a tree, which is some ten events; the events themselves are read and dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from emulator.events import EventKind, Outcome
from emulator.snapshot import WORDS, Moment
from emulator.trace.compare.lines import (
    LINE_DTYPE,
    Lines,
    identity_aux,
    normal_lines,
    tree_heads,
)
from emulator.trace.compare.recording import Piece, Recording
from emulator.trace.dtype import SNAPSHOT_DTYPE, Array
from emulator.trace.event_words import says_fault
from emulator.trace.words import DR7_COMPARED

TREE_DTYPE = np.dtype(
    [
        ("first", "<u8"),
        ("retired", "<u8"),
        ("rip", "<u8"),
        ("addr", "<u8"),
        ("shape", "<u8"),
        ("content", "<u8", (2,)),
        ("events", "<u4"),
        ("lines", "<u4"),
        ("hit", "<u4"),
        ("kind", "<u2"),
        ("aux", "<u2"),
        ("cpu", "u1"),
        ("slot", "u1"),
    ]
)

#: What the form of a tree consists of; the values that its events carry do not.
SHAPE_DTYPE = np.dtype(
    [("parent", "<u4"), ("kind", "<u2"), ("aux", "<u2"), ("slot", "u1")]
)
#: Which lines of a tree have a snapshot.
SHOT_DTYPE = np.dtype([("line", "<u4"), ("moment", "u1")])

#: Events of the run as a whole and of no CPU.
_OF_THE_RUN = (EventKind.LIMIT, EventKind.RUN_END)
_DR7, _CPU_DR7 = WORDS.index("dr7"), WORDS.index("cpu_dr7")


@dataclass(frozen=True, slots=True)
class Shape:
    """The form of a tree."""

    lines: Array
    shots: Array


@dataclass(slots=True)
class Outline:
    """A run in outline. ``whole`` says that it ended by its recipe: nothing is missing."""

    recording: Recording
    trees: Array
    shapes: dict[int, Shape]
    whole: bool = True
    returns: int = 0
    """Returns from an exception with a snapshot after IRET."""
    parted: int = 0
    """Those of them where DR7 and cpu_dr7 part."""
    faults: dict[tuple[int, int], Array] = field(default_factory=dict)
    """The trees with an event that says something is wrong, by its (kind, aux)."""

    @property
    def hits(self) -> int:
        """How many breakpoints fired."""
        return int(self.trees["hit"].max()) if len(self.trees) else 0

    @property
    def events(self) -> int:
        """How many events were read."""
        return self.recording.events

    def ends(self) -> Array:
        """How far each CPU had come with its last event, in retired instructions. What
        tells of the end stands at the furthest CPU's time under CPU 0: it says nothing."""
        own = self.trees[~np.isin(self.trees["kind"], _OF_THE_RUN)]
        out = np.zeros(256, "<u8")
        np.maximum.at(out, own["cpu"], own["retired"])
        return out

    def lines(self, first: int, last: int) -> Lines:
        """The lines of the trees first to last, both included."""
        trees = self.trees[first : last + 1]
        start = int(trees["first"][0])
        stop = int(trees["first"][-1]) + int(trees["events"][-1]) - 1
        piece = self.recording.between(start, stop)
        heads = np.zeros(len(piece.records), bool)
        heads[(trees["first"] - np.uint64(start)).astype("<i8")] = True
        return normal_lines(piece, heads)


def outline(recording: Recording, *, whole: bool = True) -> Outline:
    """Read a recording once. Raises CodecError for damaged blocks."""
    builder = _Builder()
    for piece, heads in _whole_trees(recording):
        builder.add(piece, heads)
    out = Outline(recording, builder.trees(), builder.shapes, whole)
    out.returns, out.parted = builder.returns, builder.parted
    out.faults = {key: np.array(rows) for key, rows in builder.faults.items()}
    return out


def _whole_trees(recording: Recording) -> Iterator[tuple[Piece, Array]]:
    """The recording cut where trees end; each piece with its heads."""
    waiting: list[tuple[Piece, Array]] = []
    head = 0
    for piece in recording.pieces():
        heads = tree_heads(piece.records, head)
        rows = np.flatnonzero(heads)
        if len(rows):
            cut = int(rows[-1])
            head = int(piece.records["seq"][cut])
            yield _joined([*waiting, (piece.cut(0, cut), heads[:cut])])
            piece, heads = piece.cut(cut, len(heads)), heads[cut:]
            waiting = []
        waiting.append((piece, heads))
    if waiting:
        yield _joined(waiting)


def _joined(parts: list[tuple[Piece, Array]]) -> tuple[Piece, Array]:
    heads = np.concatenate([heads for _, heads in parts])
    return Piece.join([piece for piece, _ in parts]), heads


class _Builder:
    def __init__(self) -> None:
        self._parts: list[Array] = [np.empty(0, TREE_DTYPE)]
        self.shapes: dict[int, Shape] = {}
        self._hits = 0
        self.returns = self.parted = 0
        self.faults: dict[tuple[int, int], list[int]] = {}
        self._trees = 0

    def trees(self) -> Array:
        return np.concatenate(self._parts)

    def add(self, piece: Piece, heads: Array) -> None:
        """The trees of a piece; events of a tree stand together."""
        if not len(piece.records):
            return
        lines = normal_lines(piece, heads)
        rows = np.flatnonzero(heads)
        records = piece.records
        trees = np.zeros(len(rows), TREE_DTYPE)
        trees["first"] = records["seq"][rows]
        trees["events"] = np.diff(np.append(rows, len(records)))
        trees["lines"] = np.diff(lines.starts)
        for name in ("retired", "rip", "addr", "kind", "cpu", "slot"):
            trees[name] = records[name][rows]
        trees["aux"] = identity_aux(records["kind"][rows], records["aux"][rows])
        trees["hit"] = self._number(records["kind"], rows)
        self._hash(trees, lines)
        self._look_for_faults(lines)
        self._count_returns(lines.shots)
        self._parts.append(trees)
        self._trees += len(trees)

    def _number(self, kind: Array, rows: Array) -> Array:
        hits = kind == EventKind.HIT
        numbers = np.cumsum(hits) + self._hits
        self._hits += int(hits.sum())
        return np.where(hits[rows], numbers[rows], 0)

    def _hash(self, trees: Array, lines: Lines) -> None:
        shape = shape_lines(lines.table)
        shots = np.zeros(len(lines.shots), SHOT_DTYPE)
        shots["line"], shots["moment"] = lines.shots["seq"], lines.shots["moment"]
        views = [memoryview(part.tobytes()) for part in (lines.table, lines.shots)]
        forms = [memoryview(part.tobytes()) for part in (shape, shots)]
        starts, shot_starts = lines.starts.tolist(), lines.shot_starts.tolist()
        content: list[bytes] = []
        shapes: list[int] = []
        for at in range(len(trees)):
            a, b = starts[at], starts[at + 1]
            c, d = shot_starts[at], shot_starts[at + 1]
            said = blake2b(views[0][a * _LINE : b * _LINE], digest_size=16)
            said.update(views[1][c * _SHOT : d * _SHOT])
            content.append(said.digest())
            form = blake2b(forms[0][a * _FORM : b * _FORM], digest_size=8)
            form.update(forms[1][c * _MARK : d * _MARK])
            key = int.from_bytes(form.digest())
            shapes.append(key)
            if key not in self.shapes:
                self.shapes[key] = Shape(shape[a:b].copy(), shots[c:d].copy())
        trees["content"] = np.frombuffer(b"".join(content), "<u8").reshape(-1, 2)
        trees["shape"] = shapes

    def _count_returns(self, shots: Array) -> None:
        after = shots["words"][shots["moment"] == Moment.after_iret]
        differ = (after[:, _DR7] ^ after[:, _CPU_DR7]) & np.uint64(DR7_COMPARED)
        self.returns += len(after)
        self.parted += int(np.count_nonzero(differ))

    def _look_for_faults(self, lines: Lines) -> None:
        kind, aux = lines.table["kind"], lines.table["aux"]
        code = kind.astype("<u4") << np.uint32(16) | identity_aux(kind, aux)
        for key in np.unique(code).tolist():
            name = (key >> 16, key & 0xFFFF)
            if says_fault(*name):
                rows = np.flatnonzero(code == key)
                trees = np.searchsorted(lines.starts, rows, side="right") - 1
                self.faults.setdefault(name, []).extend((trees + self._trees).tolist())


_LINE, _SHOT = LINE_DTYPE.itemsize, SNAPSHOT_DTYPE.itemsize
_FORM, _MARK = SHAPE_DTYPE.itemsize, SHOT_DTYPE.itemsize


def shape_lines(table: Array) -> Array:
    """Lines without what they say."""
    shape = np.zeros(len(table), SHAPE_DTYPE)
    for name in ("parent", "kind", "slot"):
        shape[name] = table[name]
    shape["aux"] = identity_aux(table["kind"], table["aux"])
    return shape


def ended_whole(outcome: int) -> bool:
    """Whether an outcome is the recipe's own (docs/events.md, Outcomes)."""
    return 0 < outcome < Outcome.wall_limit
