"""What one person may have at once: runs that wait or go on, and bytes that are kept."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Sum

from sessions_app.errors import StorageFull, TooManyRuns
from sessions_app.models import BroughtImage, EventChunk, Image, Run


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts of a person and the limits; a limit of 0 is none."""

    runs: int
    """Queued, running and paused runs that they have started."""
    max_runs: int
    traces: int
    """Bytes of the events of runs in their sessions."""
    images: int
    """Bytes of the programs that they have brought."""
    max_bytes: int

    @property
    def bytes(self) -> int:
        """Of all that is kept."""
        return self.traces + self.images


def usage_of(person: User) -> Usage:
    """What a person has now."""
    return Usage(
        runs=_runs(person),
        max_runs=settings.MAX_RUNS,
        traces=_traces(person),
        images=_images(person),
        max_bytes=settings.MAX_BYTES,
    )


def _runs(person: User) -> int:
    return Run.objects.filter(started_by=person, state__in=Run.ACTIVE).count()


def _traces(person: User) -> int:
    """What was deleted does not count, though it can still be restored."""
    kept = EventChunk.objects.filter(
        run__session__owner=person,
        run__session__deleted_at=None,
        run__deleted_at=None,
    )
    return int(kept.aggregate(total=Sum("size"))["total"] or 0)


def _images(person: User) -> int:
    kept = BroughtImage.objects.filter(user=person)
    return int(kept.aggregate(total=Sum("image__size"))["total"] or 0)


def runs_check(person: User) -> None:
    """Whether they may start one more, inside the transaction that starts it: of two
    starts at the same moment one waits for the other's count. Raises TooManyRuns."""
    if not settings.MAX_RUNS:
        return
    User.objects.select_for_update().get(pk=person.pk)
    count = _runs(person)
    if count >= settings.MAX_RUNS:
        raise TooManyRuns(
            f"{count} runs of yours wait or go on; {settings.MAX_RUNS} may at once",
            field="runs",
            value=count,
            allowed=f"fewer than {settings.MAX_RUNS}: let one end, or cancel it",
        )


def bytes_check(person: User, more: int = 0) -> None:
    """Whether there is room for so many bytes of theirs more, or, for 0, whether a run
    may record at all. Raises StorageFull."""
    limit = settings.MAX_BYTES
    if not limit:
        return
    kept = _traces(person) + _images(person)
    if kept + more > limit or kept >= limit:
        added = f", and {more} would come" if more else ""
        raise StorageFull(
            f"{kept} bytes of traces and programs of {person.get_username()} are "
            f"kept{added}; {limit} may be",
            field="bytes",
            value=kept,
            allowed=f"at most {limit}: delete runs or sessions to make room",
        )


def image_charge(person: User, image: Image) -> None:
    """They have brought it. Each who did is charged, for the bytes stay while anybody's
    recipe names them."""
    BroughtImage.objects.get_or_create(user=person, image=image)
