"""Reviews of patches."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from sessions_app.models import Review, SeriesVersion
from sessions_app.permissions.grants import granted, name_of, own, person_of
from sessions_app.roles import Person, ReviewAccess


def reviews_of(person: Person) -> QuerySet[Review]:
    """The reviews that a person brought, and those of their teams."""
    if not isinstance(person, User):
        return Review.objects.none()
    return Review.objects.filter(own(person)).select_related("owner", "team")


def postings_of(person: Person) -> QuerySet[SeriesVersion]:
    """Versions of the reviews that a person brought: what is a team's stays there."""
    if not isinstance(person, User):
        return SeriesVersion.objects.none()
    return SeriesVersion.objects.filter(review__owner=person)


def public_reviews(person: Person) -> QuerySet[Review]:
    """Those that others have made public."""
    public = Review.objects.filter(visibility=Review.Visibility.PUBLIC)
    own = reviews_of(person).values("pk")
    return public.exclude(pk__in=own).select_related("owner", "team")


def review_access(request: HttpRequest, review_id: UUID | str) -> ReviewAccess:
    """A review to read: one's own, a team's, one that a share link opened, a public one,
    or an unlisted one, whose address is the capability; reading needs no account. Raises
    Http404."""
    reviews = Review.objects.select_related("owner", "team")
    found = reviews.filter(pk=review_id).first()
    grant = found and granted(request.user, request.COOKIES, found)
    if found is None or not grant:
        raise Http404("no such review")
    account = request.user if isinstance(request.user, User) else None
    name = name_of(account, request.COOKIES, grant.link)
    person = request.user
    return ReviewAccess(found, person, grant.role, grant.link, name, grant.team)


def own_review(request: HttpRequest, review_id: UUID | str) -> ReviewAccess:
    """A review to change, as its owner or a maintainer of its team: a reader is told so,
    others get 404."""
    access = review_access(request, review_id)
    if not access.can_write:
        raise PermissionDenied("this review is somebody else's")
    return access


def sole_review(request: HttpRequest, review_id: UUID | str) -> ReviewAccess:
    """A review for what its owner alone does, as sole_access."""
    access = review_access(request, review_id)
    if not access.is_owner:
        raise PermissionDenied("only the owner does this")
    return access


def remarking(request: HttpRequest, review_id: UUID | str) -> ReviewAccess:
    """A review to speak in: who has no account, nor a link for it, is told so."""
    access = review_access(request, review_id)
    if not access.can_remark:
        signed_in = request.user.is_authenticated
        wrong = "you may only read this review" if signed_in else "sign in to remark"
        raise PermissionDenied(wrong)
    return access


def own_words(request: HttpRequest, review_id: UUID | str) -> ReviewAccess:
    """A review in which to keep drafts, change one's remarks and answer by mail: these
    are of an account."""
    access = remarking(request, review_id)
    person_of(request)
    return access
