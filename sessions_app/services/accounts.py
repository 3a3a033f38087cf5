"""People who come in by a link from the terminal."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from sessions_app.models import LoginLink
from sessions_app.services.sharing import new_secret

OWNER = "owner"
_LINK_LIVES = timedelta(hours=24)


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
