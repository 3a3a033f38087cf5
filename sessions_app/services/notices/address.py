"""The address to which a person's mails go: theirs once a mail there was answered."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from sessions_app import dispatch

_SALT = "sessions_app.address"
_LIVES = 24 * 3600
"""Seconds."""


def address_ask(*, person: User, address: str) -> None:
    """Send a link there. Raises JobFailed when the queue is away."""
    dispatch.enqueue_address(person.pk, address)


def address_token(person: User, address: str) -> str:
    """Proves that somebody read the mail; of no use once another address is theirs."""
    told = {"person": person.pk, "was": person.email, "email": address}
    return signing.dumps(told, salt=_SALT)


def address_of_token(token: str) -> tuple[User, str] | None:
    """Whose it is to become and which address; None for a forged or old token."""
    try:
        told: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=_LIVES)
    except signing.BadSignature:
        return None
    known = (told["was"], told["email"])
    person = User.objects.filter(
        pk=told["person"], is_active=True, email__in=known
    ).first()
    return None if person is None else (person, told["email"])


def address_set(*, person: User, address: str) -> None:
    """Theirs from now on, for resetting a password too."""
    User.objects.filter(pk=person.pk).update(email=address)


def address_mail(person_id: int, address: str) -> None:
    """The mail with the link."""
    person = User.objects.filter(pk=person_id, is_active=True).first()
    if person is None:
        return
    path = reverse("address-confirm", args=[address_token(person, address)])
    context = {
        "person": person,
        "site": settings.SITE_URL,
        "open": settings.SITE_URL + path,
    }
    EmailMessage(
        subject="Is this your address?",
        body=render_to_string("notices/address.txt", context),
        to=[address],
        headers={"Auto-Submitted": "auto-generated"},
    ).send()
