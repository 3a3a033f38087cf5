"""What a query is made of. Each node says of every event of a block whether it passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from emulator.expression import Expression, evaluate_columns
from emulator.trace.dtype import Array
from emulator.trace.query.rows import Part, Rows


class Node(Protocol):
    """One condition."""

    def passes(self, rows: Rows) -> Array:
        """A bool per event."""


@dataclass(frozen=True, slots=True)
class Within:
    """A column's value lies in one of the ranges, ends included."""

    column: str
    spans: tuple[tuple[int, int], ...]

    def passes(self, rows: Rows) -> Array:
        """Compared in the column's own type: addresses use all 64 bits."""
        values = rows.column(self.column)
        lowest, highest = np.iinfo(values.dtype).min, np.iinfo(values.dtype).max
        found = np.zeros(len(values), bool)
        for first, last in self.spans:
            if first > highest or last < lowest:
                continue
            low = values.dtype.type(max(first, lowest))
            high = values.dtype.type(min(last, highest))
            found |= (values >= low) & (values <= high)
        return found


@dataclass(frozen=True, slots=True)
class Flag:
    """All of these bits of the flags are set."""

    mask: int

    def passes(self, rows: Rows) -> Array:
        """By the flags alone."""
        flags = rows.column("flags")
        found: Array = (flags & flags.dtype.type(self.mask)) == self.mask
        return found


@dataclass(frozen=True, slots=True)
class Every:
    """All of them; of none: everything."""

    nodes: tuple[Node, ...]

    def passes(self, rows: Rows) -> Array:
        """Stops asking when nothing is left."""
        found = np.ones(len(rows), bool)
        for node in self.nodes:
            if not found.any():
                break
            found &= node.passes(rows)
        return found


@dataclass(frozen=True, slots=True)
class Either:
    """One of them."""

    nodes: tuple[Node, ...]

    def passes(self, rows: Rows) -> Array:
        """The union."""
        found = np.zeros(len(rows), bool)
        for node in self.nodes:
            found |= node.passes(rows)
        return found


@dataclass(frozen=True, slots=True)
class Not:
    """The others."""

    node: Node

    def passes(self, rows: Rows) -> Array:
        """The complement."""
        return ~self.node.passes(rows)


@dataclass(frozen=True, slots=True)
class InTree:
    """Some event of the same causal tree passes, wherever the tree was cut into blocks.
    Only conditions on an event's own record can be asked for."""

    node: Node

    def passes(self, rows: Rows) -> Array:
        """All events of such trees."""
        tree = rows.tree
        has = np.zeros(int(tree[-1]) + 1 if len(tree) else 1, bool)
        has[tree[self.node.passes(rows)]] = True
        if len(tree):
            for step, number in ((-1, 0), (1, int(tree[-1]))):
                if tree[0] == 0 or step > 0:
                    has[number] = has[number] or self._beyond(rows, step)
        found: Array = has[tree]
        return found

    def _beyond(self, rows: Rows, step: int) -> bool:
        """Whether the tree that is cut at an end of the block has such an event there."""
        block = rows.beside(step)
        while block is not None and len(block):
            number = 0 if step > 0 else int(block.tree[-1])
            part = np.flatnonzero(block.tree == number)
            if self.node.passes(Part(block, part)).any():
                return True
            goes_on = number == 0 and len(part) == len(block)
            block = block.beside(step) if goes_on else None
        return False


@dataclass(frozen=True, slots=True)
class When:
    """A hit at which an expression is known and not zero."""

    expression: Expression

    def passes(self, rows: Rows) -> Array:
        """Hits only."""
        found = evaluate_columns(self.expression, rows.recorded)
        passed = np.zeros(len(rows), bool)
        passed[rows.hit_rows] = found.known & (found.values != 0)
        return passed


EVERYTHING = Every(())


def asks_trees(node: Node) -> bool:
    """Whether an event's own record does not tell if it passes: its tree does, or registers."""
    if isinstance(node, Every | Either):
        return any(asks_trees(each) for each in node.nodes)
    if isinstance(node, Not):
        return asks_trees(node.node)
    return isinstance(node, InTree | When)


def both(first: Node, second: Node) -> Node:
    """Events that pass both."""
    nodes: list[Node] = []
    for node in (first, second):
        nodes += node.nodes if isinstance(node, Every) else [node]
    return Every(tuple(nodes))
