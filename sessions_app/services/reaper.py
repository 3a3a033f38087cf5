"""A thread in each worker's main process that looks for runs nobody works on."""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from datetime import timedelta

import redis
from django.db import DatabaseError, connection
from django.utils import timezone
from kombu.exceptions import KombuError

from hwbpweb.redis import redis_client
from sessions_app.services.chunks import runs_tidy
from sessions_app.services.holds import holds_end, parked_end
from sessions_app.services.notices.queue import notices_requeue
from sessions_app.services.retention import present_policy, prune
from sessions_app.services.runs import runs_reap

logger = logging.getLogger(__name__)

_LOCK = "reaper"
_LOCK_MS = 2000
_EVERY = 2.0
_PRUNE = "prune"
_PRUNE_EVERY = 3600
#: A worker tidies a run up itself right after its end.
_TIDY_AFTER = timedelta(minutes=1)


class Reaper(threading.Thread):
    """One of all reapers holds the lock and looks; the others wait."""

    def __init__(self) -> None:
        super().__init__(name="reaper", daemon=True)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stopped.set()

    def run(self) -> None:
        """The thread."""
        with closing(redis_client()) as client:
            while not self._stopped.wait(_EVERY):
                try:
                    look(client)
                finally:
                    connection.close()


def look(client: redis.Redis) -> None:
    """One round, if no other reaper has it. What is away is there again in the next."""
    try:
        if not client.set(_LOCK, "1", nx=True, px=_LOCK_MS):
            return
        count = runs_reap()
        if count:
            logger.warning("%d runs without a worker brought back", count)
        holds_end()
        parked_end()
        notices_requeue()
        runs_tidy(timezone.now() - _TIDY_AFTER)
        if client.set(_PRUNE, "1", nx=True, ex=_PRUNE_EVERY):
            removed = sum(1 for _ in prune(present_policy(), timezone.now()))
            logger.info("%d things removed", removed)
    except (redis.RedisError, KombuError, DatabaseError, OSError) as error:
        logger.warning("reaper: %s", error)
