"""A thread in each worker's main process that looks for runs nobody works on."""

from __future__ import annotations

import logging
import threading
from contextlib import closing

import redis
from django.db import DatabaseError, connection

from hwbpweb.redis import redis_client
from sessions_app.services.runs import runs_reap

logger = logging.getLogger(__name__)

_LOCK = "reaper"
_LOCK_MS = 2000
_EVERY = 2.0


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
                self._look(client)

    def _look(self, client: redis.Redis) -> None:
        try:
            if client.set(_LOCK, "1", nx=True, px=_LOCK_MS):
                count = runs_reap()
                if count:
                    logger.warning("%d runs without a worker brought back", count)
        except (redis.RedisError, DatabaseError, OSError) as error:
            logger.warning("reaper: %s", error)
        finally:
            connection.close()
