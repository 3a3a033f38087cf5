"""Queued runs in the order in which workers take them.

Everybody in turn: first the oldest waiting run of each person who has none that goes on,
then the second of those and the first of whoever has one, and so on; within a turn the
one that has waited longest. So nobody's hundred runs stand before another's first.
"""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.db.models.functions import Coalesce

from sessions_app.models import Run


def queue_order() -> list[UUID]:
    """The runs that wait, the next one first."""
    going = Run.objects.filter(state__in=Run.LEASED, parked_at=None).order_by()
    turns = Counter(going.values_list("started_by", flat=True))
    since = Coalesce("held_since", "created_at")
    waiting = Run.objects.filter(state=Run.State.QUEUED).order_by(since, "pk")
    order: list[tuple[int, int, UUID]] = []
    for age, (key, person) in enumerate(waiting.values_list("pk", "started_by")):
        order.append((turns[person], age, key))
        turns[person] += 1
    return [key for _, _, key in sorted(order)]


def queue_places() -> dict[UUID, int]:
    """Run to place, from 1."""
    return {key: place for place, key in enumerate(queue_order(), start=1)}


def queue_place(run: Run) -> int | None:
    """The place of one run; None for one that does not wait."""
    if run.state != Run.State.QUEUED:
        return None
    return queue_places().get(run.pk)
