"""Who may be told of what is said somewhere: asked of an account, without a request.

The decisions are those of permissions; a browser's cookie is not there, so of links
only those count that an account was seen to come by (LinkHolder).
"""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from sessions_app.models import (
    DebugSession,
    Membership,
    Notification,
    Review,
    Webhook,
    WebhookDelivery,
)
from sessions_app.permissions import live_links, person_of, reviews_of, sessions_of


def sessions_read_by(person: User) -> QuerySet[DebugSession]:
    """Sessions that an account reads, as is known without its browser: its own and its
    teams', those that it came to by a link that is alive, and those that whoever has the
    address reads, which is nobody's secret from those to whom it is told."""
    held = live_links().filter(holders__person=person).values("session")
    seen = Q(pk__in=sessions_of(person).values("pk")) | Q(pk__in=held)
    private = DebugSession.Visibility.PRIVATE
    return DebugSession.objects.filter(seen | ~Q(visibility=private))


def reviews_read_by(person: User) -> QuerySet[Review]:
    """Reviews likewise."""
    held = live_links().filter(holders__person=person).values("review")
    seen = Q(pk__in=reviews_of(person).values("pk")) | Q(pk__in=held)
    return Review.objects.filter(seen | ~Q(visibility=Review.Visibility.PRIVATE))


def readers_of(thing: DebugSession | Review) -> QuerySet[User]:
    """Active accounts that may be told of what is said there."""
    active = User.objects.filter(is_active=True)
    if thing.visibility != Review.Visibility.PRIVATE:
        return active
    scope = {"review": thing} if isinstance(thing, Review) else {"session": thing}
    held = live_links().filter(**scope).values("holders__person")
    team = Membership.objects.filter(team=thing.team_id).values("user")
    return active.filter(Q(pk=thing.owner_id) | Q(pk__in=held) | Q(pk__in=team))


def notifications_of(person: User) -> QuerySet[Notification]:
    """A person's own, about what they may still read and what is still there."""
    in_session = Q(
        session__in=sessions_read_by(person),
        annotation__run__deleted_at=None,
        annotation__removed_at=None,
    )
    in_review = Q(
        review__in=reviews_read_by(person),
        remark__draft=False,
        remark__removed_at=None,
    )
    shown = in_session | in_review
    found = Notification.objects.filter(shown, person=person)
    return found.select_related(
        *("person", "session", "annotation__run", "annotation__session"),
        *("review", "remark__message", "remark__review"),
    )


def notification_for(request: HttpRequest, notice_id: UUID | str) -> Notification:
    """One of the caller's. Raises Http404."""
    own = notifications_of(person_of(request)).filter(pk=notice_id).first()
    if own is None:
        raise Http404("no such notification")
    return own


def webhooks_of(person: User) -> QuerySet[Webhook]:
    """Those of a person, the newest first."""
    return Webhook.objects.filter(owner=person).order_by("-created_at")


def own_webhook(request: HttpRequest, webhook_id: UUID | str) -> Webhook:
    """One of the caller's. Raises Http404."""
    own = webhooks_of(person_of(request)).filter(pk=webhook_id).first()
    if own is None:
        raise Http404("no such webhook")
    return own


def own_delivery(
    request: HttpRequest, webhook_id: UUID | str, delivery_id: UUID | str
) -> WebhookDelivery:
    """One of a webhook of the caller's. Raises Http404."""
    own = own_webhook(request, webhook_id).deliveries.filter(pk=delivery_id).first()
    if own is None:
        raise Http404("no such delivery")
    return own
