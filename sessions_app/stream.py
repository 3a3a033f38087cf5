"""The live wire: entries of a run's Redis Stream and frames of its websocket.

docs/stream.md describes both. The database is the truth; what stands here is a tail
of it that is quick to follow, and that may be lost.
"""

from __future__ import annotations

import json
import logging
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from hwbpweb.redis import redis_client
from sessions_app.models import Run
from sessions_app.trace import RECORD_SIZE

logger = logging.getLogger(__name__)

#: One entry holds at most this many events; the stream keeps about MAX_ENTRIES of them.
ENTRY_EVENTS = 512
MAX_ENTRIES = 512
_TAIL_KEPT = 600
_TAIL_KEPT_AFTER_END = 120

VERSION = 1
HEADER = struct.Struct("<BBHIQQ")
#: Message types of the channel layer.
RUN_CHANGED = "run.changed"
VIEWERS_CHANGED = "viewers.changed"


class FrameKind(IntEnum):
    """Types of websocket frames."""

    RECORDS = 1
    """count records of 64 bytes follow."""
    GAP = 2
    """count events from first_seq on are not sent: fetch them over REST."""
    STATE = 3
    """count bytes of JSON follow."""
    RESET = 4
    """The run began anew: forget what came, the epoch is the new one."""
    COUNTS = 5
    """count events from first_seq on, in numbers; sent only to those who asked for it."""
    PRESENCE = 6
    """count bytes of JSON follow: who looks at this run."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Consecutive events as they stand in the stream."""

    epoch: int
    first_seq: int
    hits_before: int
    records: bytes

    @property
    def last_seq(self) -> int:
        """Number of the last event."""
        return self.first_seq + len(self.records) // RECORD_SIZE - 1


def events_key(run_id: UUID | str) -> str:
    """The Redis Stream of a run."""
    return f"run:{{{run_id}}}:events"


def group_name(run_id: UUID | str) -> str:
    """The channel layer group that hears of a run's state."""
    return f"run.{run_id}"


def frame(
    kind: FrameKind,
    epoch: int,
    *,
    count: int = 0,
    first_seq: int = 0,
    hits_before: int = 0,
    payload: bytes = b"",
) -> bytes:
    """A websocket frame."""
    head = HEADER.pack(VERSION, kind, epoch & 0xFFFF, count, first_seq, hits_before)
    return head + payload


def state_frame(run: Run, place: int | None = None) -> bytes:
    """The stored state as a frame; place: in the queue, while it waits."""
    payload = json.dumps(run_state(run, place), separators=(",", ":")).encode()
    return frame(FrameKind.STATE, run.epoch, count=len(payload), payload=payload)


def run_state(run: Run, place: int | None = None) -> dict[str, Any]:
    """What a STATE frame says."""
    return {
        "state": run.state,
        "parked": run.parked_at is not None,
        "place": place,
        "outcome": run.outcome,
        "detail": run.detail,
        "events": run.events,
        "hits": run.hits,
        "retired": run.retired,
        "digest": run.digest,
        "epoch": run.epoch,
        "debugger": run.debugger,
    }


def parse_entry(fields: Mapping[bytes, bytes]) -> Entry:
    """An entry as XREAD gives it."""
    return Entry(int(fields[b"e"]), int(fields[b"s"]), int(fields[b"h"]), fields[b"r"])


class Publisher:
    """Writes one run's tail. A Redis that fails costs the tail, never the run."""

    def __init__(self, run_id: UUID, epoch: int) -> None:
        self._key = events_key(run_id)
        self._epoch = epoch
        self._client = redis_client()
        self._broken = False

    def publish(self, entries: list[Entry], texts: bytes = b"") -> None:
        """Append entries in order; texts go with the last one."""
        try:
            with self._client.pipeline(transaction=False) as pipe:
                for entry in entries:
                    last = entry is entries[-1]
                    pipe.xadd(
                        self._key,
                        {
                            "e": self._epoch,
                            "s": entry.first_seq,
                            "n": len(entry.records) // RECORD_SIZE,
                            "h": entry.hits_before,
                            "r": entry.records,
                            "x": texts if last else b"",
                        },
                        maxlen=MAX_ENTRIES,
                        approximate=True,
                    )
                pipe.expire(self._key, _TAIL_KEPT)
                pipe.execute()
            self._broken = False
        except redis.RedisError as error:
            if not self._broken:
                logger.warning("live tail interrupted: %s", error)
            self._broken = True

    def close(self) -> None:
        """Let the tail fade."""
        try:
            self._client.expire(self._key, _TAIL_KEPT_AFTER_END)
        except redis.RedisError as error:
            logger.warning("live tail not closed: %s", error)
        finally:
            self._client.close()


def publish_state(run_id: UUID) -> None:
    """Tell the listeners that the run's row changed; they read it themselves."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(
            group_name(run_id), {"type": RUN_CHANGED, "run": str(run_id)}
        )
    except (redis.RedisError, OSError) as error:
        logger.warning("state change not announced: %s", error)
