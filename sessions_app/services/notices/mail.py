"""Mail about notifications: sent by a worker, never in a request.

What was due is looked at again when it is sent: whoever has read it meanwhile, switched
mail off or lost access gets none.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.core.mail import EmailMessage
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from sessions_app.models import NoticePreference, Notification
from sessions_app.readers import notifications_of
from sessions_app.services.notices.tell import Mail, Why, mail_wish

logger = logging.getLogger(__name__)

_SALT = "sessions_app.unsubscribe"
_WAITS = tuple(timedelta(minutes=m) for m in (1, 10, 60))
_TRIES = len(_WAITS) + 1
_LEASE = timedelta(minutes=2)
#: To one person within an hour; of more the list tells. A guest can write many remarks.
MAX_MAILS = 30
_HOUR = timedelta(hours=1)
_SUBJECTS = {
    Why.MENTION: "{by} mentioned you in {title}",
    Why.REPLY: "{by} answered you in {title}",
    Why.REMARK: "{by} remarked on {title}",
}


def unsubscribe_token(person: User) -> str:
    """Switches a person's mail off, without signing in, and nothing else."""
    return signing.Signer(salt=_SALT).sign(str(person.pk))


def unsubscribe_person(token: str) -> User | None:
    """Whose token it is; None for a forged one."""
    try:
        key = signing.Signer(salt=_SALT).unsign(token)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=key).first()


def preference_set(*, person: User, mail: str) -> None:
    """What a person wants by mail; what waits to be sent asks again when its turn is."""
    NoticePreference.objects.update_or_create(
        person=person, defaults={"mail": mail, "updated_at": timezone.now()}
    )


def notification_mail(notification_id: UUID | str) -> None:
    """Send it, if it is due and nobody else does. Twice in the queue it is sent once."""
    now = timezone.now()
    own = Notification.objects.filter(pk=notification_id, mail_due_at__lte=now)
    if not own.update(mail_due_at=now + _LEASE, mail_tries=F("mail_tries") + 1):
        return
    notice = Notification.objects.select_related("person").get(pk=notification_id)
    if notice.mail_tries > _TRIES or not _is_wanted(notice):
        Notification.objects.filter(pk=notice.pk).update(mail_due_at=None)
        return
    try:
        _message(notifications_of(notice.person).get(pk=notice.pk)).send()
    except (OSError, SMTPException, ValueError) as error:  # or an address that is none
        _again(notice, error)
        return
    Notification.objects.filter(pk=notice.pk).update(
        mail_due_at=None, mailed_at=timezone.now()
    )


def _again(notice: Notification, error: Exception) -> None:
    last = notice.mail_tries >= _TRIES
    due = None if last else timezone.now() + _WAITS[notice.mail_tries - 1]
    Notification.objects.filter(pk=notice.pk).update(mail_due_at=due)
    word = "given up" if last else "tried again later"
    logger.warning("mail of notification %s is %s: %s", notice.pk, word, error)


def _is_wanted(notice: Notification) -> bool:
    person = notice.person
    if notice.read_at is not None or not person.is_active or not person.email:
        return False
    wish = mail_wish(person.pk)
    if wish == Mail.OFF or (wish == Mail.DIRECT and notice.why == Why.REMARK):
        return False
    lately = Notification.objects.filter(
        person=person, mailed_at__gt=timezone.now() - _HOUR
    )
    if lately.count() >= MAX_MAILS:
        return False
    return notifications_of(person).filter(pk=notice.pk).exists()


def _message(notice: Notification) -> EmailMessage:
    said = notice.annotation or notice.remark
    of = notice.session or notice.review
    assert said is not None and of is not None  # a constraint of the table
    person = notice.person
    stop = reverse("unsubscribe", args=[unsubscribe_token(person)])
    context = {
        "notice": notice,
        "said": said,
        "of": of,
        "site": settings.SITE_URL,
        "open": settings.SITE_URL + reverse("notification", args=[notice.pk]),
        "stop": settings.SITE_URL + stop,
    }
    subject = _SUBJECTS[Why(notice.why)].format(by=said.author_name, title=of.title)
    return EmailMessage(
        subject=" ".join(subject.split())[:200],
        body=render_to_string("notices/mail.txt", context),
        to=[person.email],
        headers={
            "List-Unsubscribe": f"<{settings.SITE_URL}{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )


def due_mails(limit: int) -> list[UUID]:
    """Those that can be tried now, the oldest first."""
    found = Notification.objects.filter(mail_due_at__lte=timezone.now())
    return list(found.order_by("mail_due_at").values_list("pk", flat=True)[:limit])
