"""A recipe as a text that a person edits: pretty, checked in place, held against another."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass

from sessions_app import runner
from sessions_app.errors import DomainError
from sessions_app.json_places import Place, place_of, syntax_error

_AROUND = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text, and where."""

    detail: str
    field: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an excerpt or of a difference."""

    text: str
    number: int = 0
    kind: str = ""
    """``at`` for the line at fault; ``add``, ``del`` or ``hunk`` in a difference."""


@dataclass(frozen=True, slots=True)
class CheckedText:
    """What a text is: a recipe with an id, or a fault."""

    id: str = ""
    body: str = ""
    fault: Fault | None = None


def pretty(body: str) -> str:
    """Canonical JSON in lines, its keys in the same order."""
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False) + "\n"


def check_text(text: str) -> CheckedText:
    """Syntax, then everything that can be known of a recipe without running it."""
    wrong = syntax_error(text)
    if wrong is not None:
        place, why = wrong
        return CheckedText(fault=Fault(f"this is no JSON: {why}", place=place))
    try:
        checked = runner.check_recipe(text)
    except DomainError as error:
        fault = Fault(error.detail, error.field, place_of(text, error.field))
        return CheckedText(fault=fault)
    return CheckedText(checked.id, checked.body)


def excerpt(text: str, place: Place | None) -> list[Line]:
    """The lines around a place."""
    if place is None:
        return []
    lines = text.splitlines()
    first = max(0, place.line - 1 - _AROUND)
    return [
        Line(line, number, "at" if number == place.line else "")
        for number, line in enumerate(
            lines[first : place.line + _AROUND], start=first + 1
        )
    ]


def difference(old: str, new: str) -> list[Line]:
    """A unified difference of two texts, without its head."""
    told = difflib.unified_diff(old.splitlines(), new.splitlines(), n=2, lineterm="")
    kinds = {"+": "add", "-": "del", "@": "hunk"}
    return [Line(line, kind=kinds.get(line[:1], "")) for line in list(told)[2:]]
