"""Who looks at a run: a sorted set in Redis whose members expire unless they are renewed.

A member is a socket and a name; its score is when it ends. A web process that dies takes
nobody out, and nobody stays longer than KEPT. Changes are announced over the channel
layer to the tails of all processes, which read the set again.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import redis
from channels.layers import get_channel_layer

from hwbpweb.redis import redis_client
from sessions_app.errors import ViewersUnknown
from sessions_app.stream import VIEWERS_CHANGED, FrameKind, frame, group_name

#: Seconds that a viewer is believed to be there, and between two renewals.
KEPT = 30.0
RENEW = 10.0
_GUEST = "g"
_USER = "u"


def viewers_key(run_id: UUID | str) -> str:
    """The sorted set of a run."""
    return f"run:{{{run_id}}}:viewers"


def member(name: str | None) -> str:
    """One more page of somebody; None for whoever has no account."""
    kind = _GUEST if name is None else _USER
    return f"{uuid4().hex}:{kind}:{name or ''}"


@dataclass(frozen=True, slots=True)
class Roll:
    """Who is there."""

    people: tuple[tuple[str, int], ...] = ()
    """Names of users with the number of their pages."""
    guests: int = 0
    """Pages of those without an account."""

    @property
    def count(self) -> int:
        """People and guests."""
        return len(self.people) + self.guests

    def as_json(self) -> dict[str, Any]:
        """For REST and for the frame."""
        people = [{"name": name, "pages": pages} for name, pages in self.people]
        return {"count": self.count, "people": people, "guests": self.guests}


def roll_of(members: Iterable[bytes]) -> Roll:
    """Of what the set holds."""
    words = [member.decode().split(":", 2) for member in members]
    names = Counter(name for _, kind, name in words if kind == _USER)
    guests = sum(kind == _GUEST for _, kind, _ in words)
    return Roll(tuple(sorted(names.items())), guests)


def presence_frame(epoch: int, roll: Roll) -> bytes:
    """A PRESENCE frame."""
    payload = json.dumps(roll.as_json(), separators=(",", ":")).encode()
    return frame(FrameKind.PRESENCE, epoch, count=len(payload), payload=payload)


async def renewed(
    client: Any, run_id: str, own: Collection[str], gone: Collection[str] = ()
) -> Roll:
    """Say that one's own are still here and who left; who is here at all."""
    key, now = viewers_key(run_id), time.time()
    async with client.pipeline(transaction=False) as pipe:
        if own:
            pipe.zadd(key, dict.fromkeys(own, now + KEPT))
        if gone:
            pipe.zrem(key, *gone)
        pipe.zremrangebyscore(key, "-inf", now)
        pipe.expire(key, int(2 * KEPT))
        pipe.zrange(key, 0, -1)
        return roll_of((await pipe.execute())[-1])


async def announce(run_id: str) -> None:
    """Let the tails of all processes read the set again."""
    layer = get_channel_layer()
    if layer is not None:
        await layer.group_send(group_name(run_id), {"type": VIEWERS_CHANGED})


def present(run_id: UUID | str) -> Roll:
    """Who is here, for whoever asks once. Raises ViewersUnknown."""
    try:
        with redis_client() as client:
            found: Any = client.zrangebyscore(viewers_key(run_id), time.time(), "+inf")
    except (redis.RedisError, OSError) as error:
        raise ViewersUnknown("who looks at this run is not known now") from error
    return roll_of(found)
