"""Memory as the page draws it: rows of sixteen bytes, watched, changed, pointing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sessions_app import trace
from sessions_app.memory.address import address_of
from sessions_app.memory.reading import MemoryRead, read_memory
from sessions_app.models import Run
from sessions_app.run_facts import RunFacts, run_facts
from sessions_app.trace import Snapshot

WIDTH = 16
ROWS = 16
_LENGTH = WIDTH * ROWS
_WORD = 8
#: Addresses below are numbers more often than pointers.
_LOWEST_POINTER = 0x1000
_MOST = 1 << 64
#: Changes that are said in words; the others are counted.
_SAID = 8


@dataclass(frozen=True, slots=True)
class Byte:
    """One cell; value is None where nothing is mapped."""

    value: int | None
    slot: int | None
    """Which slot watches it, by the hardware."""
    before: int | None
    """What it was, where it changed."""

    @property
    def text(self) -> str:
        """Two digits."""
        return "··" if self.value is None else f"{self.value:02x}"

    @property
    def css(self) -> str:
        """How it is drawn."""
        words = []
        if self.value == 0:
            words.append("z")
        if self.slot is not None:
            words.append(f"w{self.slot}")
        if self.before is not None:
            words.append("chg")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Pointer:
    """An aligned word that points somewhere mapped."""

    offset: int
    to: int
    name: str


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """Sixteen bytes."""

    address: int
    cells: tuple[Byte, ...]
    pointers: tuple[Pointer, ...]

    @property
    def text(self) -> str:
        """As ASCII."""
        return "".join(
            chr(c.value) if c.value is not None and 32 <= c.value < 127 else "."
            for c in self.cells
        )


@dataclass(frozen=True, slots=True)
class ByteChange:
    """One change in words."""

    address: int
    place: str
    before: int
    now: int


@dataclass(slots=True)
class MemoryPane:
    """A window of memory at a moment, beside another moment if there is one."""

    address: int
    seq: int
    since: int | None
    rows: list[MemoryRow] = field(default_factory=list)
    changes: list[ByteChange] = field(default_factory=list)
    changed: int = 0
    """How many bytes; changes lists the first."""
    protection: str = ""

    @property
    def previous(self) -> int:
        """Where the window before begins."""
        return max(0, self.address - _LENGTH)

    @property
    def following(self) -> int:
        """Where the window after begins."""
        return min(self.address + _LENGTH, _MOST - _LENGTH)


def _watched(snapshot: Snapshot | None) -> dict[int, int]:
    """Slot by watched byte, of data breakpoints that the hardware has on."""
    found: dict[int, int] = {}
    if snapshot is None:
        return found
    for slot, start, length in trace.watched_ranges(snapshot.words):
        found |= {start + at: slot for at in range(length)}
    return found


def memory_pane(
    run: Run,
    seq: int,
    snapshot: Snapshot | None,
    *,
    task: int,
    at: str,
    since: int | None = None,
) -> MemoryPane:
    """256 bytes from a place on. since: an earlier event to compare with.

    Raises BadFilter for a place that makes no sense, JobFailed when the run cannot be
    done again now.
    """
    facts = run_facts(run)
    address = min(address_of(at, facts, snapshot), _MOST - _LENGTH)
    address -= address % WIDTH
    now = read_memory(run, seq, task, address, _LENGTH)
    before = None if since is None else read_memory(run, since, task, address, _LENGTH)
    pane = MemoryPane(address, now.seq, since)
    pane.protection = next(
        (m.protection for m in now.maps if m.start <= address < m.end), ""
    )
    watched = _watched(snapshot)
    for start in range(address, address + _LENGTH, WIDTH):
        cells = tuple(
            _cell(place, now, before, watched) for place in range(start, start + WIDTH)
        )
        pane.rows.append(MemoryRow(start, cells, tuple(_pointers(start, now, facts))))
    _say_changes(pane, facts)
    return pane


def _cell(
    address: int, now: MemoryRead, before: MemoryRead | None, watched: dict[int, int]
) -> Byte:
    value = now.byte(address)
    earlier = None if before is None else before.byte(address)
    changed = earlier is not None and value is not None and earlier != value
    return Byte(value, watched.get(address), earlier if changed else None)


def _pointers(start: int, now: MemoryRead, facts: RunFacts) -> Iterator[Pointer]:
    for offset in range(0, WIDTH, _WORD):
        bytes_ = [now.byte(start + offset + at) for at in range(_WORD)]
        if any(byte is None for byte in bytes_):
            continue
        value = int.from_bytes(bytes(b or 0 for b in bytes_), "little")
        if value >= _LOWEST_POINTER and now.is_mapped(value):
            yield Pointer(offset, value, facts.symbols.name(value))


def _say_changes(pane: MemoryPane, facts: RunFacts) -> None:
    for row in pane.rows:
        for at, cell in enumerate(row.cells):
            if cell.before is None or cell.value is None:
                continue
            pane.changed += 1
            if len(pane.changes) < _SAID:
                address = row.address + at
                pane.changes.append(
                    ByteChange(address, facts.place(address), cell.before, cell.value)
                )
