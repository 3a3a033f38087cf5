"""Things that nothing refers to any more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.db import transaction
from django.db.models import F, Q

from hwbpweb.redis import redis_client
from sessions_app.chunkstore import chunk_store
from sessions_app.models import (
    EventChunk,
    Image,
    KeptAnswer,
    LoginLink,
    Notification,
    Run,
    ShareLink,
    StoredRecipe,
    WebhookDelivery,
)
from sessions_app.services.chunks import chunk_keys, chunks_delete
from sessions_app.services.idempotency import KEPT_FOR

#: What was just put may be named by a transaction that is not over yet.
_UNSEEN = timedelta(hours=1)
#: A program is uploaded before the recipe that names it.
_IMAGE_WAITS = timedelta(days=1)
#: A recipe may be kept for a run that comes later, or was of one that is deleted.
_RECIPE_WAITS = timedelta(days=7)
_LINK_WAITS = timedelta(days=30)
_DELIVERIES_KEPT = timedelta(days=30)
_NOTICES_KEPT = timedelta(days=180)
_AT_ONCE = 200
_KEY = re.compile(r"run:\{([0-9a-f-]{36})\}:")


@dataclass(frozen=True, slots=True)
class Leftover:
    """How many things of a kind nothing refers to, and why they go."""

    kind: str
    count: int
    why: str


def leftovers(now: datetime, *, remove: bool) -> Iterator[Leftover]:
    """Counted, and removed if wished."""
    for kind, count, why in (
        ("chunks", _stale_chunks(remove), "of a lease that was lost"),
        ("blocks", _lost_blocks(now, remove), "no chunk names them"),
        ("recipes", _unused_recipes(now, remove), "no run has used them for a week"),
        ("images", _unused_images(now, remove), "no recipe names them"),
        ("links", _dead_links(now, remove), "expired or revoked 30 days ago"),
        ("kept answers", _old_answers(now, remove), "asked a day ago"),
        ("deliveries", _old_deliveries(now, remove), "over for 30 days"),
        ("notifications", _old_notices(now, remove), "read 180 days ago"),
        ("streams", _lost_streams(remove), "of runs that are not there"),
    ):
        if count:
            yield Leftover(kind, count, why)


def _stale_chunks(remove: bool) -> int:
    found = EventChunk.objects.filter(epoch__lt=F("run__epoch"))
    count = found.count()
    if count and remove:
        with transaction.atomic():
            chunks_delete(found)
    return count


def _lost_blocks(now: datetime, remove: bool) -> int:
    store = chunk_store()
    count = 0
    page: list[str] = []
    for key in store.older_than(now - _UNSEEN):
        page.append(key)
        if len(page) == _AT_ONCE:
            count += _drop_unnamed(page, remove)
            page = []
    return count + _drop_unnamed(page, remove)


def _drop_unnamed(keys: list[str], remove: bool) -> int:
    runs = {key.partition("/")[0] for key in keys}
    valid = [run for run in runs if len(run) == 36]
    named = chunk_keys(EventChunk.objects.filter(run_id__in=valid)) if valid else set()
    lost = [key for key in keys if key not in named]
    if lost and remove:
        chunk_store().delete(lost)
    return len(lost)


def _unused_recipes(now: datetime, remove: bool) -> int:
    """The same text posted again is the same recipe: nothing is lost but its row."""
    used = Run.everything.values("recipe")
    old = StoredRecipe.objects.filter(created_at__lt=now - _RECIPE_WAITS)
    lost = list(old.exclude(pk__in=used).values_list("pk", flat=True))
    if remove:
        for at in range(0, len(lost), _AT_ONCE):
            StoredRecipe.objects.filter(pk__in=lost[at : at + _AT_ONCE]).delete()
    return len(lost)


def _unused_images(now: datetime, remove: bool) -> int:
    used: set[str] = set()
    for body in StoredRecipe.objects.values_list("body", flat=True).iterator():
        used.update(ref["sha256"] for ref in json.loads(body)["images"])
    old = Image.objects.filter(created_at__lt=now - _IMAGE_WAITS)
    lost = set(old.values_list("pk", flat=True)) - used
    if lost and remove:
        Image.objects.filter(pk__in=lost).delete()
    return len(lost)


def _dead_links(now: datetime, remove: bool) -> int:
    limit = now - _LINK_WAITS
    shared = ShareLink.objects.filter(Q(expires_at__lt=limit) | Q(revoked_at__lt=limit))
    logins = LoginLink.objects.filter(expires_at__lt=limit)
    count = shared.count() + logins.count()
    if remove:
        shared.delete()
        logins.delete()
    return count


def _old_answers(now: datetime, remove: bool) -> int:
    old = KeptAnswer.objects.filter(claimed_at__lt=now - KEPT_FOR)
    count = old.count()
    if remove:
        old.delete()
    return count


def _old_deliveries(now: datetime, remove: bool) -> int:
    old = WebhookDelivery.objects.filter(finished_at__lt=now - _DELIVERIES_KEPT)
    count = old.count()
    if remove:
        old.delete()
    return count


def _old_notices(now: datetime, remove: bool) -> int:
    old = Notification.objects.filter(read_at__lt=now - _NOTICES_KEPT)
    count = old.count()
    if remove:
        old.delete()
    return count


def _lost_streams(remove: bool) -> int:
    """Keys end by themselves some minutes after a run; a worker that was killed leaves
    them without an end. Redis being away is nobody's loss here."""
    try:
        with redis_client() as client:
            found = {
                key: match[1]
                for raw in client.scan_iter("run:{*}:*", count=500)
                if (match := _KEY.match(key := raw.decode()))
            }
            there = {
                str(pk)
                for pk in Run.everything.filter(pk__in=set(found.values())).values_list(
                    "pk", flat=True
                )
            }
            lost = [key for key, run in found.items() if run not in there]
            if lost and remove:
                client.delete(*lost)
            return len(lost)
    except redis.RedisError:
        return 0
