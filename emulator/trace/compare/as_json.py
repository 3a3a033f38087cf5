"""A comparison as JSON values: what the command line prints and REST answers (docs/compare.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from emulator.snapshot import Moment
from emulator.trace.compare.comparison import State
from emulator.trace.compare.detail import Change, Line, Said
from emulator.trace.compare.outline import Outline
from emulator.trace.compare.phrases import phrase
from emulator.trace.compare.told import Fold, Place, Teller, ToldFact
from emulator.trace.names import enum_name

#: Sorts of differences in a summary at most.
MAX_FACTS = 50

#: Fields of 64 bits: "0x…", because JSON numbers are doubles.
_WIDE = ("value", "addr", "rip")

Json = dict[str, Any]


def summary(teller: Teller) -> Json:
    """All but the rows."""
    found = teller.comparison
    facts = teller.facts(MAX_FACTS)
    return {
        "equal": found.equal,
        "differences": len(found.differences),
        "first": None if found.equal else _first(teller),
        "counts": {
            name: asdict(tally)
            for name, tally in (
                ("trees", found.trees),
                ("hits", found.hits),
                ("events", found.events),
            )
        },
        "after_iret": {
            "left": _returns(found.left_run),
            "right": _returns(found.right_run),
        },
        "facts": [_fact(fact) for fact in facts],
        "more_facts": len(found.facts) - len(facts),
        "wrong_in_both": teller.wrong_in_both(),
    }


def rows(teller: Teller, after: int, limit: int) -> tuple[list[Json], int | None]:
    """The differences number after + 1 and on with the equal stretches before them, and
    the number to go on after, or None at the end."""
    found = teller.comparison
    out: list[Json] = []
    last = min(after + limit, len(found.differences))
    at = (
        int(found.differences[after - 1]) + 1
        if 0 < after <= len(found.differences)
        else 0
    )
    for number in range(after + 1, last + 1):
        row = int(found.differences[number - 1])
        fold = teller.fold(at, row)
        if not fold.empty:
            out.append(_fold(fold))
        out.append(_difference(teller, number, row))
        at = row + 1
    if last < len(found.differences):
        return out, last
    fold = teller.fold(at, len(found.state))
    if after <= len(found.differences) and not fold.empty:
        out.append(_fold(fold))
    return out, None


def _first(teller: Teller) -> Json:
    index = teller.comparison.first
    line = teller.row(index).first
    return {
        "sentence": teller.divergence(index).sentence,
        "at": _place(teller.place(index)),
        "left_seq": line.left.record.seq if line.left else None,
        "right_seq": line.right.record.seq if line.right else None,
    }


def _returns(run: Outline) -> Json:
    return {"returns": run.returns, "dr7_parted": run.parted}


def _place(place: Place) -> Json:
    return {**asdict(place), "words": place.words}


def _fact(fact: ToldFact) -> Json:
    return {
        "sort": fact.sort.name,
        "subject": fact.phrase.subject,
        "left": fact.phrase.left,
        "right": fact.phrase.right,
        "sentence": fact.phrase.sentence,
        "count": fact.count,
        "difference": fact.difference,
    }


def _fold(fold: Fold) -> Json:
    return {
        "type": "equal",
        "trees": fold.trees,
        "hits": fold.hits,
        "events": fold.events,
        "renamed": fold.renamed,
    }


def _difference(teller: Teller, number: int, index: int) -> Json:
    row = teller.row(index)
    return {
        "type": "difference",
        "number": number,
        "state": row.state.name,
        "sentence": teller.divergence(index).sentence,
        "at": _place(teller.place(index)),
        "lines": [_line(line, teller) for line in row.lines],
        "omitted": row.omitted,
    }


def _line(line: Line, teller: Teller) -> Json:
    out: Json = {
        "state": line.state.name,
        "level": line.level,
        "left": _said(line.left),
        "right": _said(line.right),
    }
    if line.state is not State.same:
        out["sentence"] = phrase(line, teller.names).sentence
        out["changes"] = [_change(change, line) for change in line.changes]
    return out


def _said(said: Said | None) -> Json | None:
    if said is None:
        return None
    node, record = said.node, said.record
    return {
        "seq": record.seq,
        "kind": node.kind,
        "name": node.name,
        "text": node.text,
        "returned": node.returned.text if node.returned else None,
        "effects": [
            {"op": e.op, "name": e.name, "old": f"{e.old:#x}", "new": f"{e.new:#x}"}
            for e in node.effects
        ],
        "fault": node.fault or None,
    }


def _change(change: Change, line: Line) -> Json:
    out: Json = {
        "what": change.what,
        "moment": enum_name(Moment, change.moment) if change.moment else None,
    }
    for side, said, value in (
        ("left", line.left, change.left),
        ("right", line.right, change.right),
    ):
        if change.what == "text" and said is not None:
            out[side] = b"".join(said.texts).decode("utf-8", "replace")
        elif change.moment or change.what in _WIDE:
            out[side] = f"{value:#x}"
        else:
            out[side] = value
    return out
