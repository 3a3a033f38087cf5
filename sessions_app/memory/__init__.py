"""Memory of a task as of an event. A trace has none: the run is done again up to there."""

from __future__ import annotations

from sessions_app.memory.pane import MemoryPane, memory_pane
from sessions_app.memory.reading import Mapped, MemoryRead, read_memory

__all__ = ["Mapped", "MemoryPane", "MemoryRead", "memory_pane", "read_memory"]
