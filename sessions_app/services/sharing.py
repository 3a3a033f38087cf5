"""Share links, API tokens and login links: secrets shown once, only their hash kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from sessions_app.models import ApiToken, DebugSession, LoginLink, Run, ShareLink

#: A token names its owner often enough if this moves once a minute.
_TOUCH = timedelta(minutes=1)


def new_secret() -> tuple[str, str]:
    """A fresh secret and the hash under which it is kept."""
    secret = secrets.token_urlsafe(32)
    return secret, secret_hash(secret)


def secret_hash(secret: str) -> str:
    """SHA-256 in hex; enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def share_link_create(
    *,
    session: DebugSession,
    by: User,
    expires_at: datetime | None,
    run: Run | None = None,
    seq: int | None = None,
) -> tuple[ShareLink, str]:
    """A link that lets anybody read the session, opened at the moment (run, seq)."""
    secret, digest = new_secret()
    link = ShareLink.objects.create(
        session=session,
        token_hash=digest,
        role="viewer",
        created_by=by,
        expires_at=expires_at,
        run=run,
        seq=seq,
    )
    return link, secret


def share_link_revoke(*, session: DebugSession, link_id: UUID | str) -> bool:
    """End a link now. False when the session has no such live link."""
    ended = ShareLink.objects.filter(
        session=session, pk=link_id, revoked_at=None
    ).update(revoked_at=timezone.now())
    return bool(ended)


def share_link_open(secret: str) -> ShareLink | None:
    """The link behind a secret, counted as opened; None for an unknown one.

    An expired or revoked link is returned too: the page says which it is.
    """
    link = (
        ShareLink.objects.select_related("session", "run", "created_by")
        .filter(token_hash=secret_hash(secret))
        .first()
    )
    if link is None or not link_is_live(link):
        return link
    ShareLink.objects.filter(pk=link.pk).update(
        used_count=F("used_count") + 1, last_used_at=timezone.now()
    )
    return link


def link_is_live(link: ShareLink) -> bool:
    """Whether the link still opens."""
    expired = link.expires_at is not None and link.expires_at <= timezone.now()
    return link.revoked_at is None and not expired


def token_create(*, user: User, name: str) -> tuple[ApiToken, str]:
    """A token for scripts."""
    secret, digest = new_secret()
    return ApiToken.objects.create(user=user, name=name, token_hash=digest), secret


def token_delete(*, user: User, token_id: int | str) -> bool:
    """Forget a token of the user. False when there is none."""
    deleted, _ = ApiToken.objects.filter(user=user, pk=token_id).delete()
    return bool(deleted)


def token_user(secret: str) -> User | None:
    """Who a token belongs to, or None."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(token_hash=secret_hash(secret), user__is_active=True)
        .first()
    )
    if token is None:
        return None
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _TOUCH)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token.user


def login_link_user(secret: str) -> User | None:
    """Whose login link this is, if it can still be used."""
    link = (
        LoginLink.objects.select_related("user")
        .filter(
            token_hash=secret_hash(secret),
            used_at=None,
            expires_at__gt=timezone.now(),
            user__is_active=True,
        )
        .first()
    )
    return link.user if link else None


@transaction.atomic
def login_link_use(secret: str) -> User | None:
    """Spend a login link: of two clicks at the same time one signs in."""
    user = login_link_user(secret)
    spent = LoginLink.objects.filter(
        token_hash=secret_hash(secret), used_at=None, expires_at__gt=timezone.now()
    ).update(used_at=timezone.now())
    return user if spent else None
