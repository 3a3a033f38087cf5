"""Somebody said something: who is told of it.

Once per person and remark, for the strongest reason: they are called, answered, or it is
said of what is theirs. Not of one's own words, and never of what one may not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from sessions_app import dispatch
from sessions_app.models import (
    Annotation,
    NoticePreference,
    Notification,
    ReviewRemark,
)
from sessions_app.readers import readers_of
from sessions_app.services.notices.mentions import called_in
from sessions_app.services.webhooks.outbox import annotation_added, remark_added

Why = Notification.Why
Mail = NoticePreference.Mail


@transaction.atomic
def annotation_said(annotation: Annotation, *, answered: User | None = None) -> None:
    """A remark in a session is there. answered: whose remark it replies to."""
    about = {"session": annotation.session, "annotation": annotation}
    _tell(annotation, about, annotation.session.owner, answered)
    annotation_added(annotation)


@transaction.atomic
def remarks_said(remarks: Iterable[ReviewRemark]) -> None:
    """Remarks in a review are seen by everybody from now on."""
    for remark in remarks:
        about = {"review": remark.review, "remark": remark}
        answered = remark.answers.author if remark.answers else None
        _tell(remark, about, remark.review.owner, answered)
        remark_added(remark)


@transaction.atomic
def annotation_changed(annotation: Annotation) -> None:
    """Other words: whoever is called only now hears of it."""
    _tell(
        annotation,
        {"session": annotation.session, "annotation": annotation},
        None,
        None,
    )


@transaction.atomic
def remark_changed(remark: ReviewRemark) -> None:
    """Likewise; of a draft nobody hears."""
    if not remark.draft:
        _tell(remark, {"review": remark.review, "remark": remark}, None, None)


def _tell(
    said: Annotation | ReviewRemark,
    about: Mapping[str, object],
    owner: User | None,
    answered: User | None,
) -> None:
    of = said.session if isinstance(said, Annotation) else said.review
    readers = readers_of(of)
    reasons: dict[int, str] = {}
    for person in called_in(said.body, readers):
        reasons.setdefault(person.pk, Why.MENTION)
    if answered and readers.filter(pk=answered.pk).exists():
        reasons.setdefault(answered.pk, Why.REPLY)
    if owner and owner.is_active:
        reasons.setdefault(owner.pk, Why.REMARK)
    if said.author_id is not None:
        reasons.pop(said.author_id, None)
    for person_id, why in reasons.items():
        _keep(person_id, why, about)


def _keep(person_id: int, why: str, about: Mapping[str, object]) -> None:
    due = timezone.now() if _by_mail(person_id, why) else None
    made, is_new = Notification.objects.get_or_create(
        person_id=person_id, **about, defaults={"why": why, "mail_due_at": due}
    )
    if is_new and due:
        dispatch.enqueue_mail(made.pk)


def _by_mail(person_id: int, why: str) -> bool:
    """Whether one is to be tried; whether it is sent is seen when it is."""
    wish = mail_wish(person_id)
    return wish == Mail.ALL or (wish == Mail.DIRECT and why != Why.REMARK)


def mail_wish(person_id: int) -> str:
    """What a person wants by mail."""
    found = NoticePreference.objects.filter(person_id=person_id).first()
    return found.mail if found else Mail.DIRECT
