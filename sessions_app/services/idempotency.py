"""A request that is sent again under the same key is done once."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from sessions_app.errors import DomainError
from sessions_app.models import KeptAnswer

KEPT_FOR = timedelta(hours=24)
#: Longer than any request takes: whoever claimed the key is gone.
ABANDONED_AFTER = timedelta(minutes=10)


class KeyInUse(DomainError):
    """The first request with this key is still under way."""

    code = "idempotency_key_in_use"
    status = HTTPStatus.CONFLICT


class KeyOfAnother(DomainError):
    """The key was used for a request that said something else."""

    code = "idempotency_key_reused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


def key_claim(*, user: User, key: str, fingerprint: str) -> KeptAnswer:
    """The key's row: with a status if it is answered already, else claimed for this
    request. Raises KeyInUse, KeyOfAnother."""
    now = timezone.now()
    KeptAnswer.objects.filter(
        user=user, key=key, claimed_at__lt=now - KEPT_FOR
    ).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(
                user=user, key=key, fingerprint=fingerprint, claimed_at=now
            )
    except IntegrityError:
        return _taken(user, key, fingerprint, now)


def _taken(user: User, key: str, fingerprint: str, now: datetime) -> KeptAnswer:
    found = KeptAnswer.objects.filter(user=user, key=key).first()
    if found is None:
        raise KeyInUse("The first request with this key has just ended: send it again.")
    if found.fingerprint != fingerprint:
        raise KeyOfAnother(
            "This key was used for another request.",
            field="Idempotency-Key",
            value=key,
            allowed="a new key for each new request",
        )
    if found.status is not None:
        return found
    # Of two that find an abandoned claim one gets it.
    left = KeptAnswer.objects.filter(pk=found.pk, status=None)
    if left.filter(claimed_at__lt=now - ABANDONED_AFTER).update(claimed_at=now):
        found.claimed_at = now
        return found
    raise KeyInUse("The first request with this key is still under way.")


def answer_keep(
    claim: KeptAnswer, *, status: int, content_type: str, body: bytes
) -> None:
    """From now on the key gives this answer; unless somebody took over the claim."""
    _own(claim).update(status=status, content_type=content_type, body=body)


def key_release(claim: KeptAnswer) -> None:
    """Nothing was made: the key may be used again."""
    _own(claim).delete()


def _own(claim: KeptAnswer) -> QuerySet[KeptAnswer]:
    return KeptAnswer.objects.filter(
        pk=claim.pk, claimed_at=claim.claimed_at, status=None
    )
