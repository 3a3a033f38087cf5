"""Notices a CPU that goes nowhere (decisions D11)."""

from __future__ import annotations

from typing import Protocol

from emulator.target.cpu import Cpu

#: The same #DB this often in a row, nothing retired, registers unchanged.
LIVELOCK_REPEATS = 8


class Pace(Protocol):
    """How far hits may be told without asking the run at each boundary."""

    def busy(self) -> bool:
        """Somebody wants something at the next boundary."""

    def room(self, size: int) -> int:
        """How many trees of so many records until a batch or a limit is due."""


class Stuck:
    """Counts identical debug exceptions per CPU."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, bytes]] = {}
        self._count: dict[int, int] = {}

    def same_again(self, cpu: Cpu) -> int | None:
        """The number of repeats when it reached the limit, else None."""
        state = (cpu.now, bytes(cpu.regs.general_bytes))
        same = self._last.get(cpu.index) == state
        self._last[cpu.index] = state
        self._count[cpu.index] = self._count.get(cpu.index, 0) + 1 if same else 1
        count = self._count[cpu.index]
        return count if count >= LIVELOCK_REPEATS else None
