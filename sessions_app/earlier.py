"""Moments that one can compare a moment with: the hit before, kept ones, the start."""

from __future__ import annotations

from dataclasses import dataclass

from sessions_app.models import Run
from sessions_app.selectors import hit_by_number, notebook_entries

PREVIOUS, START = "previous", "start"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A moment before; seq 0 is before the first instruction."""

    key: str
    seq: int
    words: str


def earlier_moments(run: Run, seq: int, hit: int | None) -> list[Earlier]:
    """What lies before event seq, or before hit number hit; the start comes last."""
    found = []
    before = hit_by_number(run, hit - 1) if hit and hit > 1 else None
    if before is not None:
        found.append(Earlier(PREVIOUS, before.seq, "the previous hit"))
    kept = notebook_entries(run.session).filter(run=run, seq__lt=seq)
    found += [Earlier(str(e.seq), e.seq, f"{e.name}, kept") for e in kept]
    return [*found, Earlier(START, 0, "the start of the run")]
