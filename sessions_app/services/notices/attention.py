"""A person's list of what wants their attention: read, unread."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone

from sessions_app.models import Notification


def notification_set_read(*, notice: Notification, read: bool) -> Notification:
    """Read or unread; the first reading keeps its time."""
    if read and notice.read_at is None:
        notice.read_at = timezone.now()
    elif not read:
        notice.read_at = None
    notice.save(update_fields=["read_at"])
    return notice


def notifications_read(*, person: User, keys: list[UUID] | None = None) -> int:
    """All unread ones, or those of keys; how many there were."""
    own = Notification.objects.filter(person=person, read_at=None)
    if keys is not None:
        own = own.filter(pk__in=keys)
    return own.update(read_at=timezone.now())
