"""What an exporter is given: consecutive events, and which of them were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from emulator.trace.dtype import Array


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive events of a run."""

    records: Array
    """Of RECORD_DTYPE."""
    passes: Array
    """One bool for each record: whether the query asks for it."""
    hits: Array
    """For each record the number of the last hit up to it, 0 before the first."""
    snapshots: Callable[[], bytes] = bytes
    """Those of these events; read only by formats that have registers."""
    texts: Callable[[], list[tuple[int, int, bytes]]] = list
    """(seq, stream, bytes) of these events."""


Blocks = Iterable[Block]


@dataclass(frozen=True, slots=True)
class Names:
    """What the recipe calls things."""

    place: Callable[[int], str] = hex
    """An address as ``symbol+0x…``, else ``0x…``."""
    tasks: Mapping[int, str] = field(default_factory=dict)
    """Task names by pid."""
    title: str = "hwbpweb"

    def task(self, pid: int) -> str:
        """``counter (100)``."""
        known = self.tasks.get(pid)
        if known is None:
            return f"task {pid}" if pid else "no task"
        return f"{known} ({pid})"
