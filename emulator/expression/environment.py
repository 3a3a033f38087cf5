"""What an expression may ask: a stopped CPU, or a recorded snapshot."""

from __future__ import annotations

from typing import Protocol

#: errno of what an expression itself cannot say: a division by zero, a value not known.
EDOM, ENODATA = 33, 61


class Environment(Protocol):
    """Every method may raise EvaluationError; none of them changes anything."""

    def register(self, name: str) -> int:
        """A word of emulator.snapshot by its name there: rax, rflags, selectors, dr7,
        cpu_dr7 … Unsigned 64 bits."""

    def memory(self, address: int, size: int) -> bytes:
        """Bytes at a linear address of the task."""

    def symbol(self, name: str) -> int:
        """Its address. Not asked where Expression.bind has looked symbols up before."""

    def fact(self, name: str) -> int:
        """One of names.FACTS: value, old, cpu, task, hits."""
