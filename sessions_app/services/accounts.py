"""People who come in by a link from the terminal, or by an invitation."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from sessions_app.models import Invitation, LoginLink, Membership, Team
from sessions_app.services.sharing import new_secret, secret_hash
from sessions_app.services.teams import member_join

OWNER = "owner"
_LINK_LIVES = timedelta(hours=24)
_INVITATION_LIVES = timedelta(days=7)


def owner_ensure() -> User:
    """The person who started the server: an account without a password."""
    user, made = User.objects.get_or_create(
        username=OWNER, defaults={"is_staff": True, "is_superuser": True}
    )
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def login_link_create(*, user: User) -> str:
    """A secret that signs its user in once, within a day. Older unused ones end."""
    now = timezone.now()
    LoginLink.objects.filter(user=user, used_at=None).delete()
    LoginLink.objects.filter(expires_at__lt=now).delete()
    secret, digest = new_secret()
    LoginLink.objects.create(user=user, token_hash=digest, expires_at=now + _LINK_LIVES)
    return secret


def invitation_create(*, by: User, team: Team | None = None, role: str = "") -> str:
    """A secret with which somebody makes an account, once, within a week; with a team
    and a role they are in it too."""
    secret, digest = new_secret()
    Invitation.objects.create(
        created_by=by,
        token_hash=digest,
        expires_at=timezone.now() + _INVITATION_LIVES,
        team=team,
        role=role,
    )
    return secret


def invitation_find(secret: str) -> Invitation | None:
    """One that can still be used, of somebody who is active, and who still manages its
    team if it has one; or None."""
    manages = Membership.objects.filter(role=Membership.Role.OWNER)
    pairs = manages.filter(team=OuterRef("team"), user=OuterRef("created_by"))
    return (
        Invitation.objects.filter(
            Q(team=None) | Exists(pairs),
            token_hash=secret_hash(secret),
            used_at=None,
            expires_at__gt=timezone.now(),
            created_by__is_active=True,
        )
        .select_related("created_by", "team")
        .first()
    )


@transaction.atomic
def invitation_use(*, invitation: Invitation, user: User) -> bool:
    """Spend it on a new account: of two people at the same time one gets it, and the
    other's account must not stay."""
    spent = _spend(invitation, user)
    if not spent:
        user.delete()
    return spent


@transaction.atomic
def invitation_join(*, invitation: Invitation, user: User) -> bool:
    """Spend one of a team on an account that is there already. False: somebody else was
    quicker. Raises TeamRefused."""
    return _spend(invitation, user)


def _spend(invitation: Invitation, user: User) -> bool:
    spent = Invitation.objects.filter(pk=invitation.pk, used_at=None).update(
        used_at=timezone.now(), used_by=user
    )
    if spent and invitation.team is not None:
        member_join(team=invitation.team, user=user, role=invitation.role)
    return bool(spent)


def invitation_delete(*, by: User, invitation_id: int) -> bool:
    """Take back one that nobody used. False when there is none."""
    own = Invitation.objects.filter(created_by=by, pk=invitation_id, used_at=None)
    deleted, _ = own.delete()
    return bool(deleted)
