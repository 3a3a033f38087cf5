"""A comparison as text for a terminal: one line for a line, both seqs before it.

The sign says how the sides stand to each other: ``~`` another name, ``!`` something
differs, ``<`` only left, ``>`` only right, none: equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emulator.trace.compare.comparison import State, Tally
from emulator.trace.compare.detail import Line, Said
from emulator.trace.compare.told import Place, Teller, folded

_SIGNS = {
    State.same: " ",
    State.renamed: "~",
    State.changed: "!",
    State.only_left: "<",
    State.only_right: ">",
}
_FACTS = 30
_SEQ = 7


def comparison_lines(teller: Teller, heads: Iterable[str], limit: int) -> Iterator[str]:
    """The whole answer; heads say what left and right are."""
    for name, head in zip((teller.names.left, teller.names.right), heads, strict=True):
        yield f"{name:6} {head}"
    yield ""
    found = teller.comparison
    if found.equal:
        yield f"No difference: {found.events.same} events, {found.hits.same} hits."
    else:
        yield from _differences(teller, limit)
    for sentence in teller.wrong_in_both():
        yield f"Equal, and wrong in both: {sentence}"


def _differences(teller: Teller, limit: int) -> Iterator[str]:
    found = teller.comparison
    for number, index in enumerate(found.differences[:limit].tolist(), start=1):
        title = "First divergence" if number == 1 else f"Difference {number}"
        yield f"{title}, {_where(teller.place(index))}:"
        yield f"  {teller.divergence(index).sentence}"
        yield ""
        row = teller.row(index)
        yield from (_line(part) for part in folded(row.lines))
        if row.omitted:
            yield f"{'':{2 * _SEQ + 3}}… {row.omitted} more lines"
        yield ""
    yield f"What differs, in {len(found.differences)} places:"
    parted = teller.parted()
    if parted is not None:
        yield f"{'':7}   {parted.sentence}"
    facts = teller.facts(_FACTS)
    for fact in facts:
        yield f"{fact.count:7}×  {fact.phrase.sentence}"
    if len(found.facts) > len(facts):
        yield f"  and {len(found.facts) - len(facts)} sorts more"
    yield f"Hits: {_tally(found.hits)}. Events: {_tally(found.events)}."


def _where(place: Place) -> str:
    sides = (
        ("left", place.left_seq, place.left_retired),
        ("right", place.right_seq, place.right_retired),
    )
    known = [f"{n} event {s}, {r} retired" for n, s, r in sides if s is not None]
    return f"{place.words} ({'; '.join(known)})"


def _line(part: Line | int) -> str:
    if isinstance(part, int):
        return f"{'':{2 * _SEQ + 3}}… {part} equal lines"
    seqs = "".join(
        f"{said.record.seq if said else '-':>{_SEQ}} "
        for said in (part.left, part.right)
    )
    return f"{seqs}{_SIGNS[part.state]} {'  ' * (part.level - 1)}{_text(part)}"


def _text(line: Line) -> str:
    if line.left is None or line.right is None or line.state is State.same:
        return _said(line.said)
    left, right = _said(line.left), _said(line.right)
    if left == right:
        names = ", ".join(change.what for change in line.changes)
        return f"{left}  [{names}]"
    return f"{left}  |  {right}"


def _said(said: Said) -> str:
    node = said.node
    effects = [f"W {e.name} {e.old:#x} → {e.new:#x}" for e in node.effects]
    returned = f"= {node.returned.text}" if node.returned else ""
    fault = f"({node.fault})" if node.fault else ""
    return " ".join(p for p in (node.name, *effects, node.text, returned, fault) if p)


def _tally(tally: Tally) -> str:
    parts = (
        (tally.same, "equal"),
        (tally.renamed, "renamed"),
        (tally.changed, "changed"),
        (tally.only_left, "only left"),
        (tally.only_right, "only right"),
    )
    return ", ".join(f"{count} {word}" for count, word in parts if count) or "none"
