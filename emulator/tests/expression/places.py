"""An environment of dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.errors import EvaluationError
from emulator.expression import ENODATA, parse_expression

EFAULT = 14


@dataclass
class Place:
    """What is not there cannot be read."""

    registers: dict[str, int] = field(default_factory=dict)
    bytes_at: dict[int, bytes] = field(default_factory=dict)
    symbols: dict[str, int] = field(default_factory=dict)
    facts: dict[str, int] = field(default_factory=dict)

    def register(self, name: str) -> int:
        return self.registers[name]

    def memory(self, address: int, size: int) -> bytes:
        for start, data in self.bytes_at.items():
            if start <= address and address + size <= start + len(data):
                return data[address - start :][:size]
        raise EvaluationError(f"{address:#x} is not mapped", EFAULT)

    def symbol(self, name: str) -> int:
        return self.symbols[name]

    def fact(self, name: str) -> int:
        if name not in self.facts:
            raise EvaluationError(f"{name} is not known", ENODATA)
        return self.facts[name]


def value(text: str, place: Place | None = None) -> int:
    """What it comes to; it must come to something."""
    found = parse_expression(text).evaluate(place or Place())
    assert (found.errno, found.remark) == (0, "")
    return found.value
