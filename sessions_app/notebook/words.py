"""A moment in words, to be kept: what was hit, where, and what came of it."""

from __future__ import annotations

from sessions_app.errors import MomentNotStored
from sessions_app.event_views import EventView, event_view
from sessions_app.models import Run
from sessions_app.moments import MomentView, moment_view
from sessions_app.selectors import event_record, hit_number
from sessions_app.services.notebook import Kept

_TITLE = 200
_PLACE = 300
_NS = 1_000_000_000


def kept_moment(run: Run, seq: int, moment: str = "") -> Kept:
    """The event at seq, or the hit in whose tree it stands, in words. Raises
    MomentNotStored."""
    event = event_view(run, seq)
    if event is not None:
        return _of_event(event)
    number = hit_number(run, seq) if event_record(run, seq) else None
    hit = moment_view(run, number, moment) if number else None
    if hit is None:
        raise MomentNotStored(
            f"run {run.number} has no event {seq}",
            field="seq",
            value=seq,
            allowed=f"1 to {run.events}" if run.events else "none: nothing is recorded",
        )
    return _of_hit(hit, moment)


def _time(retired: int) -> str:
    return f"{retired // _NS}.{retired % _NS:09d} s"


def _of_hit(hit: MomentView, moment: str) -> Kept:
    row = hit.hit
    known = any(choice.key == moment for choice in hit.moments)
    place = (
        f"CPU {row.cpu}, slot {row.slot}, {hit.kind_words}, {hit.place} "
        f"by {row.at}, {_time(row.retired)}"
    )
    return Kept(
        seq=row.seq,
        hit_no=row.number,
        moment=moment if known else "",
        title=hit.verdict.title[:_TITLE],
        sentence=hit.verdict.sentence,
        place=place[:_PLACE],
    )


def _of_event(event: EventView) -> Kept:
    record = event.record
    root = event.tree
    title = " ".join(word for word in (root.name, root.text) if word)
    at = f", at {event.at}" if event.at else ""
    return Kept(
        seq=event.seq,
        hit_no=None,
        moment="",
        title=title[:_TITLE] or f"event {event.seq}",
        sentence=event.fault,
        place=f"CPU {record.cpu}{at}, {_time(record.retired)}"[:_PLACE],
    )
