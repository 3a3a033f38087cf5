"""The command log of a run under one lease. A line is stored before any event that it
caused, and soon in any case (ADR 0011)."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from sessions_app.models import Run, RunCommand
from sessions_app.runner import LoggedLine
from sessions_app.services.runs import Lease

#: A line is not stored later than this after it came, in seconds.
MAX_AGE = 0.04


class CommandLog:
    """Numbers lines and stores them, those of one moment at once. A run that was parked
    has some already."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._last = _own_lines(lease.run_id, lease.epoch).count()
        self._oldest = 0.0
        self._new: list[RunCommand] = []

    def add(self, line: LoggedLine) -> None:
        """Take a line."""
        if not self._new:
            self._oldest = time.monotonic()
        self._last += 1
        self._new.append(
            RunCommand(
                run_id=self._lease.run_id,
                epoch=self._lease.epoch,
                number=self._last,
                cpu=line.cpu,
                retired=line.retired,
                seq=line.seq,
                do=line.do,
                who=line.who,
                face=line.face,
                data=line.data,
            )
        )

    def store(self) -> None:
        """Write what was taken."""
        if self._new:
            RunCommand.objects.bulk_create(self._new)
            self._new = []

    def store_aged(self) -> None:
        """Write what has waited long enough."""
        if self._new and time.monotonic() - self._oldest >= MAX_AGE:
            self.store()


def command_page(
    run: Run, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Lines after the first so many, and the cursor to go on from, None at the end."""
    found: list[dict[str, Any]] = []
    skip = after
    for source in _sources(run):
        own = _own(source)
        wanted = limit + 1 - len(found)
        found += [command.to_line() for command in own[skip : skip + wanted]]
        skip = max(0, skip - own.count())
        if len(found) > limit:
            return found[:limit], after + limit
    return found, None


def _sources(run: Run) -> list[Run]:
    """The runs whose logs make up a run's, the oldest first."""
    found = [run]
    while found[0].played_from is not None:
        found.insert(0, found[0].played_from)
    return found


def _own(run: Run) -> QuerySet[RunCommand]:
    return _own_lines(run.pk, run.epoch).order_by("number")


def _own_lines(run_id: UUID, epoch: int) -> QuerySet[RunCommand]:
    return RunCommand.objects.filter(run=run_id, epoch=epoch)


def command_lines(run: Run) -> list[dict[str, Any]]:
    """All that debuggers did to a run, as its child takes it: what it played back, and
    what was done to it since."""
    return [
        command.to_line()
        for source in _sources(run)
        for command in _own(source).iterator()
    ]
