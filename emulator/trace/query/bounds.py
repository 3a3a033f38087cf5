"""What a query can match at most, for skipping blocks by their statistics."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.trace.query.nodes import Every, Node, Within

Span = tuple[int, int]
#: Columns whose values are few.
_SETS = {"kind": 255, "cpu": 255, "slot": 255}


@dataclass(slots=True)
class Bounds:
    """Outside of these nothing matches. A missing column is not bounded."""

    sets: dict[str, frozenset[int]] = field(default_factory=dict)
    """kind, cpu, slot."""
    spans: dict[str, Span] = field(default_factory=dict)
    """addr, rip, t, seq, hit, value: from the lowest to the highest."""

    @property
    def is_nothing(self) -> bool:
        """No event can match."""
        return any(not found for found in self.sets.values()) or any(
            last < first for first, last in self.spans.values()
        )


def bounds(node: Node) -> Bounds:
    """Only conditions that all must hold narrow; others are left to the rows."""
    made = Bounds()
    for each in node.nodes if isinstance(node, Every) else (node,):
        if isinstance(each, Within):
            _narrow(made, each)
        elif isinstance(each, Every):
            inner = bounds(each)
            for name, found in inner.sets.items():
                made.sets[name] = made.sets.get(name, found) & found
            for name, span in inner.spans.items():
                made.spans[name] = _meet(made.spans.get(name, span), span)
    return made


def _narrow(made: Bounds, condition: Within) -> None:
    name, spans = condition.column, condition.spans
    if name in _SETS:
        most = _SETS[name]
        found = frozenset(
            number
            for first, last in spans
            for number in range(max(first, 0), min(last, most) + 1)
        )
        made.sets[name] = made.sets.get(name, found) & found
        return
    span = (min(s[0] for s in spans), max(s[1] for s in spans))
    made.spans[name] = _meet(made.spans.get(name, span), span)


def _meet(first: Span, second: Span) -> Span:
    return max(first[0], second[0]), min(first[1], second[1])
