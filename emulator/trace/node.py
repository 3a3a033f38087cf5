"""A line of a causal tree, and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Effect:
    """Something read (R) or written (W): its name, the value before and after."""

    op: str
    name: str
    old: int
    new: int
    digits: int = 16

    @property
    def same(self) -> bool:
        """Written, but nothing changed."""
        return self.old == self.new


@dataclass(frozen=True, slots=True)
class Return:
    """How a callee came back; style is ``stop``, ``done``, ``void`` or ``errno``."""

    text: str
    style: str


@dataclass(slots=True)
class Node:
    """One line of the tree."""

    seq: int
    offset: int
    kind: str
    name: str
    text: str = ""
    priority: str = ""
    effects: list[Effect] = field(default_factory=list)
    returned: Return | None = None
    reached: bool = True
    fault: str = ""
    """Why this line deviates, or empty."""
    writer: str = ""
    """Of a register that was written: which function wrote it."""
    number: int = 0
    """What a statement about the hit needs of the record: a count, an index."""
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()
