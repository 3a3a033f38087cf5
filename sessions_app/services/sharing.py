"""Share links, API tokens and login links: secrets shown once, only their hash kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from sessions_app.models import (
    ApiToken,
    DebugSession,
    LinkHolder,
    LinkOpening,
    LoginLink,
    Review,
    Run,
    ShareLink,
)

#: A token names its owner often enough if this moves once a minute.
_TOUCH = timedelta(minutes=1)


def new_secret() -> tuple[str, str]:
    """A fresh secret and the hash under which it is kept."""
    secret = secrets.token_urlsafe(32)
    return secret, secret_hash(secret)


def secret_hash(secret: str) -> str:
    """SHA-256 in hex; enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a link allows, and until when."""

    role: str = ShareLink.Role.VIEWER
    expires_at: datetime | None = None
    use_limit: int | None = None


def share_link_create(
    *,
    of: DebugSession | Review,
    by: User,
    terms: Terms | None = None,
    run: Run | None = None,
    seq: int | None = None,
) -> tuple[ShareLink, str]:
    """A link that lets anybody into a session, opened at the moment (run, seq), or into
    a review. Raises ValueError for a controller of a review: it has no runs."""
    terms = terms or Terms()
    if isinstance(of, Review) and terms.role == ShareLink.Role.CONTROLLER:
        raise ValueError("a review has nothing to control; allowed: viewer, commenter")
    secret, digest = new_secret()
    link = ShareLink.objects.create(
        **_scope(of),
        token_hash=digest,
        role=terms.role,
        created_by=by,
        expires_at=terms.expires_at,
        use_limit=terms.use_limit,
        run=run,
        seq=seq,
    )
    return link, secret


def _scope(of: DebugSession | Review) -> dict[str, Any]:
    return {"review": of} if isinstance(of, Review) else {"session": of}


def share_link_revoke(*, of: DebugSession | Review, link_id: UUID | str) -> bool:
    """End a link now. False when the session or review has no such live link."""
    ended = ShareLink.objects.filter(**_scope(of), pk=link_id, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    return bool(ended)


def share_link_find(secret: str) -> ShareLink | None:
    """The link behind a secret; None for an unknown one. One that opens no more is
    returned too: the page says why (ShareLink.state)."""
    return (
        ShareLink.objects.select_related("session", "review", "run", "created_by")
        .filter(token_hash=secret_hash(secret), session__deleted_at=None)
        .first()
    )


@transaction.atomic
def share_link_open(*, link: ShareLink, address: str = "") -> bool:
    """Count and log an opening. False when the link opens no more: of two people at
    the same time one gets the last use."""
    now = timezone.now()
    opened = ShareLink.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        Q(use_limit=None) | Q(used_count__lt=F("use_limit")),
        pk=link.pk,
        revoked_at=None,
    ).update(used_count=F("used_count") + 1, last_used_at=now)
    if opened:
        LinkOpening.objects.create(
            link=link, role=link.role, network=network_of(address)
        )
    return bool(opened)


def share_link_hold(*, link: ShareLink, person: User) -> None:
    """An account came by the link: it may be told of what is said there."""
    LinkHolder.objects.get_or_create(link=link, person=person)


def share_links_hold(*, keys: Sequence[str], person: User) -> None:
    """An account signed in with a browser that had opened these links."""
    for link in ShareLink.objects.filter(pk__in=keys).exclude(created_by=person):
        share_link_hold(link=link, person=person)


def network_of(address: str) -> str:
    """The part of the network that an IP address is in: /24 or /48; empty for others."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


def token_create(
    *,
    user: User,
    name: str,
    scope: str = ApiToken.Scope.CONTROL,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A token for scripts."""
    secret, digest = new_secret()
    made = ApiToken.objects.create(
        user=user, name=name, token_hash=digest, scope=scope, expires_at=expires_at
    )
    return made, secret


def token_delete(*, user: User, token_id: int | str) -> bool:
    """Forget a token of the user. False when there is none."""
    deleted, _ = ApiToken.objects.filter(user=user, pk=token_id).delete()
    return bool(deleted)


def token_find(secret: str) -> ApiToken | None:
    """A token that has not expired, of somebody who is active; or None."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(token_hash=secret_hash(secret), user__is_active=True)
        .first()
    )
    if token is None or not token.is_live:
        return None
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _TOUCH)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token


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
