"""What a worker does with a run: lease, child, chunks, live tail, end."""

from __future__ import annotations

import json
import logging
import os
import platform
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import replace
from uuid import UUID

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from hwbpweb.redis import redis_client
from sessions_app import dispatch
from sessions_app.debug_wire import CloseCode
from sessions_app.errors import DomainError, StaleLease
from sessions_app.models import Run
from sessions_app.run_queue import queue_order
from sessions_app.runner import (
    PARKED,
    Batch,
    Control,
    Job,
    Known,
    RunEnd,
    execute,
    recipe_job,
)
from sessions_app.services.chunks import ChunkWriter, run_tidy
from sessions_app.services.debugger import (
    CommandLog,
    DebugLink,
    Inbox,
    Outbox,
    Switchboard,
    command_lines,
    open_port,
)
from sessions_app.services.run_commands import run_parked
from sessions_app.services.runs import (
    Lease,
    lease_renew,
    run_claim,
    run_finish,
    run_park,
    run_set_debugger,
    run_set_paused,
)
from sessions_app.services.verification import verification_finish
from sessions_app.stream import ENTRY_EVENTS, Entry, Publisher, publish_state
from sessions_app.trace import HIT, RECORD_SIZE, encode_texts, kinds_of

logger = logging.getLogger(__name__)

_PARKED_WORDS = "it stood for too long and gave its worker back; connect again to go on"
_LISTEN = 0.25
_PROGRESS = 0.5
_WORDS = ("pause", "resume", "park", "cancel")


def run_execute(run_id: UUID | str) -> RunEnd | None:
    """Execute a run to its end, if it is to be had. None: somebody else has or had it."""
    lease = run_claim(run_id, _worker_name())
    if lease is None:
        logger.info("run %s is not to be had", run_id)
        return None
    return _executed(lease)


def turn_take(run_id: UUID | str) -> RunEnd | None:
    """What a worker does with the message of a queued run: the run whose turn it is. Each
    queued run has a message, so that none is left over. The message of a run whose worker
    was lost is for that one: it has had its turn."""
    now = timezone.now()
    lost = Run.objects.filter(state__in=Run.LEASED, lease_expires__lt=now, pk=run_id)
    for key in [*lost.values_list("pk", flat=True), *queue_order()]:
        lease = run_claim(key, _worker_name())
        if lease is not None:
            return _executed(lease)
    return None


def _worker_name() -> str:
    return f"{platform.node()}:{os.getpid()}"


def _executed(lease: Lease) -> RunEnd | None:
    run_id = lease.run_id
    logger.info("run %s begins, epoch %d", run_id, lease.epoch)
    control = Control()
    try:
        end = _held(lease, control)
        if end.outcome == PARKED:
            run_park(lease, end)
            logger.info("run %s is parked", run_id)
            run_parked(run_id, control.left() + dispatch.take_commands(run_id))
            return None
        run_finish(lease, end)
    except StaleLease as stale:
        logger.warning("run %s given up: %s", run_id, stale)
        return None
    run_tidy(lease.run_id)
    verification_finish(lease.run_id)
    logger.info("run %s ends: %s, %d events", run_id, end.outcome, end.events)
    return end


def _held(lease: Lease, control: Control) -> RunEnd:
    run = Run.everything.select_related("recipe", "played_from").get(pk=lease.run_id)
    try:
        job = _job(run, lease)
    except DomainError as error:
        return RunEnd("recipe_error", f"{error.field}: {error.detail}")
    with ExitStack() as held:
        # Each is let go also where another fails: a keeper that stays would renew the
        # lease of a run that nobody executes.
        keeper = LeaseKeeper(lease, control)
        keeper.start()
        held.callback(keeper.stop)
        recorder = Recorder(lease)
        held.callback(recorder.close)
        desk = DebugDesk(lease, control)
        held.callback(desk.close)
        end = execute(job, recorder, control, debugger=desk.switchboard)
        if control.abandoned:
            raise StaleLease(f"epoch {lease.epoch} of run {lease.run_id} is over")
        desk.switchboard.keep()
        recorder.finish(end)
        if end.outcome == PARKED:
            desk.park()
        else:
            desk.finish(f"the run is over: {end.outcome}")
        return end


def _job(run: Run, lease: Lease) -> Job:
    job = recipe_job(run.recipe)
    return replace(
        job,
        commands=command_lines(run),
        paused=run.hold and not lease.again,
        stands=run.hold and lease.again,
        known=lease.events,
        spent_ms=lease.spent_ms,
    )


class DebugDesk:
    """Where debuggers of a run come in; the switchboard sits behind it."""

    def __init__(self, lease: Lease, control: Control) -> None:
        inbox = Inbox(control.waker)
        self._outbox = Outbox(lease.run_id)
        self.switchboard = Switchboard(
            inbox,
            CommandLog(lease),
            lambda facts: run_set_debugger(lease, facts),
            open_port,
        )
        self._link = DebugLink(lease.run_id, inbox, self._outbox)
        self._link.start()

    def finish(self, reason: str) -> None:
        """The run is over: no more words, and those who are there are told."""
        self._link.stop()
        self.switchboard.finish(reason)

    def park(self) -> None:
        """The run has no worker for now; who comes again has it where it stood."""
        self._link.stop()
        self.switchboard.finish(_PARKED_WORDS, CloseCode.LOST)

    def close(self) -> None:
        """However it ended, nobody stays."""
        try:
            self.finish("the run is over")
        finally:
            self._outbox.close()


class Recorder:
    """The listener of a run: stores what comes and shows it live."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._known = Known(lease.events, lease.hits)
        self._writer = ChunkWriter(lease.run_id, lease.epoch, lease.events, lease.hits)
        self._writer.retired = lease.retired
        self._publisher = Publisher(lease.run_id, lease.epoch)
        self._announced = 0.0
        self._told = lease.events
        self._paused = False

    def on_batch(self, batch: Batch) -> None:
        """Store first, then show: what a browser has seen is on its way to the disk."""
        news = self._known.news(batch)
        if news is not None:
            self._writer.add(news)
            self._publisher.publish(_entries(self._lease.epoch, news), _texts(news))

    def on_state(self, state: str, retired: int) -> None:
        """Progress, or the child holds."""
        # Made again it counts from 0 once more.
        self._writer.retired = max(self._writer.retired, retired)
        paused = state == "paused"
        if paused != self._paused:
            self._paused = paused
            # A person who pauses looks at the counters: bring them up to the event.
            self._writer.flush()
            run_set_paused(self._lease, paused)

    def on_idle(self) -> None:
        """Close chunks that have waited; tell listeners of progress now and then."""
        self._writer.flush_aged()
        now = time.monotonic()
        if self._writer.stored > self._told and now > self._announced + _PROGRESS:
            self._announced, self._told = now, self._writer.stored
            publish_state(self._lease.run_id)

    def finish(self, end: RunEnd) -> None:
        """Store the rest. Raises StaleLease."""
        self._writer.retired = end.retired
        self._writer.flush()

    def close(self) -> None:
        """Release the connection."""
        self._publisher.close()


def _texts(batch: Batch) -> bytes:
    return encode_texts(batch.texts) if batch.texts else b""


def _entries(epoch: int, batch: Batch) -> list[Entry]:
    """A batch in pieces that the stream's length bounds."""
    entries = []
    before = batch.hits_before
    size = ENTRY_EVENTS * RECORD_SIZE
    for at in range(0, len(batch.records), size):
        piece = batch.records[at : at + size]
        first = batch.first_seq + at // RECORD_SIZE
        entries.append(Entry(epoch, first, before, piece))
        before += int((kinds_of(piece) == HIT).sum())
    return entries


class LeaseKeeper(threading.Thread):
    """Beside a run: renews its lease each LEASE_RENEW seconds and hears commands."""

    def __init__(self, lease: Lease, control: Control) -> None:
        super().__init__(name=f"lease-{lease.run_id}", daemon=True)
        self._lease = lease
        self._control = control
        self._stopped = threading.Event()
        self._cancelled = False

    def stop(self) -> None:
        """End and wait: the connections of this thread must be closed."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """The thread. A database or Redis that is away for a moment is tried again."""
        renewed = 0.0
        try:
            with closing(redis_client()) as client:
                while not self._stopped.is_set() and not self._control.abandoned:
                    if time.monotonic() - renewed > settings.LEASE_RENEW:
                        self._renew()
                        renewed = time.monotonic()
                    self._listen(client)
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            if not lease_renew(self._lease):
                self._control.abandoned = True
            elif Run.everything.filter(
                pk=self._lease.run_id, cancel_requested=True
            ).exists():
                self._pass_on("cancel")
        except DatabaseError as error:
            logger.warning("lease of run %s not renewed: %s", self._lease.run_id, error)

    def _listen(self, client: redis.Redis) -> None:
        try:
            key = dispatch.commands_key(self._lease.run_id)
            told = client.blpop([key], timeout=_LISTEN)
        except redis.RedisError as error:
            logger.warning("commands of run %s: %s", self._lease.run_id, error)
            self._stopped.wait(_LISTEN)
            return
        if told is not None:
            self._pass_on(str(json.loads(told[1]).get("do")))

    def _pass_on(self, word: str) -> None:
        if word not in _WORDS or (word == "cancel" and self._cancelled):
            return
        self._cancelled = self._cancelled or word == "cancel"
        self._control.command(word)
