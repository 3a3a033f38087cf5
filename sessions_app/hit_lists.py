"""The hits table as the server renders it: a page of rows around the chosen hit."""

from __future__ import annotations

from dataclasses import dataclass

from sessions_app import trace
from sessions_app.errors import DomainError
from sessions_app.filters import parse_line
from sessions_app.models import Run
from sessions_app.moments import HitRow, hit_row
from sessions_app.queries import hits_page
from sessions_app.run_facts import run_facts

ROWS = 60
_ABOVE = 12


@dataclass(frozen=True, slots=True)
class HitPage:
    """Rows to show; error says why a filter was not used."""

    rows: list[HitRow]
    text: str = ""
    error: str = ""
    more: bool = False


def hit_page(run: Run, text: str, around: int) -> HitPage:
    """Rows around a hit, or the first ones that pass the filter."""
    facts = run_facts(run)
    text = text.strip()[:500]
    chosen: trace.Query = trace.EVERYTHING
    error = ""
    if text:
        try:
            chosen = parse_line(text, facts.table)
        except DomainError as refused:
            error = str(refused)
    first = 0 if chosen is not trace.EVERYTHING else max(1, around - _ABOVE)
    pairs, cursor = hits_page(run, chosen, 0, ROWS, first)
    rows = [hit_row(number, record, facts) for number, record in pairs]
    return HitPage(rows, text, error, cursor is not None)
