"""Reviews: bring mail, read a series, compare its versions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from sessions_app import runner
from sessions_app.errors import DomainError, JobFailed, UnknownTeam
from sessions_app.forms.reviews import MailForm, ReviewForm
from sessions_app.kernels import kernel_choices, kernel_for
from sessions_app.models import MailMessage, Review, ReviewRemark, SeriesVersion, Team
from sessions_app.permissions import (
    ReviewAccess,
    joined_team,
    own_review,
    person_of,
    postings_of,
    public_reviews,
    review_access,
    reviews_of,
    sole_review,
)
from sessions_app.readers import readers_of
from sessions_app.reviews.behaviour import Behaviour, behaviour_of
from sessions_app.reviews.talk import given_trailers
from sessions_app.reviews.trials import asked
from sessions_app.reviews.versions import compare_versions
from sessions_app.services.checks import combined_state, last_checks
from sessions_app.services.matrix import matrix_request
from sessions_app.services.notices.mentions import known_names
from sessions_app.services.reviews import review_import, review_set, version_bind
from sessions_app.views.pages import whole_number
from sessions_app.views.sharing import team_choices

_LISTED = 100


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reviews(request: HttpRequest) -> HttpResponse:
    """One's own and public ones; a POST brings mail."""
    person = person_of(request)
    form = MailForm(request.POST or None, request.FILES or None)
    error: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            found = review_import(owner=person, data=form.data_of())
        except DomainError as refused:
            error = refused
        else:
            new = sum(each.new for each in found)
            messages.success(request, f"{new} new messages in {len(found)} topics.")
            if len(found) == 1:
                return redirect("review", found[0].review.pk)
            return redirect("reviews")
    context = {
        "page": "reviews",
        "mine": reviews_of(person).prefetch_related("versions")[:_LISTED],
        "others": public_reviews(person).prefetch_related("versions")[:_LISTED],
        "error": error,
    }
    return render(request, "reviews/list.html", context, status=422 if error else 200)


def mails_of(review: Review) -> list[MailMessage]:
    """All messages in reading order, without their raw bytes."""
    own = review.messages.defer("raw").prefetch_related("patches")
    return list(own.order_by("position"))


def remarks_for(access: ReviewAccess) -> list[ReviewRemark]:
    """Those that this person sees: drafts are their author's."""
    own = access.review.remarks.select_related("run__session", "run__recipe")
    own = own.prefetch_related("earlier").order_by("created_at")
    return [r for r in own if not r.draft or access.is_own(r)]


def mentions_in(access: ReviewAccess, remarks: list[ReviewRemark]) -> frozenset[str]:
    """Names in these remarks that are of accounts which read the review."""
    return known_names([each.body for each in remarks], readers_of(access.review))


def versions_of(review: Review) -> list[SeriesVersion]:
    """With their patches and messages."""
    own = review.versions.prefetch_related("patches__message").select_related("cover")
    return list(own.order_by("version", "pk"))


def chosen_version(
    request: HttpRequest, versions: list[SeriesVersion]
) -> SeriesVersion:
    """The one that the address names, else the latest. Raises Http404."""
    number = whole_number(request.GET.get("v"))
    found = [v for v in versions if number is None or v.version == number]
    if not found:
        raise Http404("no such version")
    return found[-1]


@require_safe
def review(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """A series: cover, patches, versions, thread, behaviour."""
    access = review_access(request, review_id)
    versions = versions_of(access.review)
    mails = mails_of(access.review)
    version = chosen_version(request, versions) if versions else None
    behaviour = behaviour_of(request, versions)
    may_compute = access.person.is_authenticated and access.can_remark
    problem = _have_computed(behaviour) if may_compute else ""
    context: dict[str, Any] = {
        "page": "reviews",
        "access": access,
        "review": access.review,
        "versions": versions,
        "version": version,
        "steps": list(pairwise(versions)),
        "mails": mails,
        "trailers": given_trailers(mails),
        "claims": [each for each in remarks_for(access) if each.claim and each.body],
        **_checks(access, version),
        "behaviour": behaviour,
        "problem": problem,
        "asked": asked(access.review, versions),
        "scenarios": runner.scenarios() if access.can_write else [],
        "kernels": kernel_choices(request.user) if access.can_write else [],
        "states": Review.State.values,
        "visibilities": Review.Visibility.values,
        "teams": team_choices(request, access.review.team),
        **_by_hand(request, access, versions),
    }
    return unindexed(render(request, "reviews/series.html", context), access)


def _by_hand(
    request: HttpRequest, access: ReviewAccess, versions: list[SeriesVersion]
) -> dict[str, Any]:
    """What the owner joined, and may join."""
    if not access.can_write:
        return {}
    return {
        "joins": access.review.joins.select_related("came_from"),
        "given": access.review.given.select_related("review"),
        "postings": postings_of(request.user)
        .exclude(review=access.review)
        .select_related("review")
        .order_by("-review__updated_at", "version")[:_LISTED],
        "next_number": max((v.version for v in versions), default=0) + 1,
    }


def _checks(access: ReviewAccess, version: SeriesVersion | None) -> dict[str, Any]:
    if version is None:
        return {}
    found = last_checks(access.review, version.version)
    return {"checks": found, "checked": combined_state(found)}


def _have_computed(behaviour: Behaviour) -> str:
    try:
        matrix_request({k: c.request for k, c in behaviour.table.missing.items()})
    except JobFailed as error:
        return str(error)
    return ""


def unindexed(answer: HttpResponse, access: ReviewAccess) -> HttpResponse:
    """Search engines list what is public."""
    if access.review.visibility != Review.Visibility.PUBLIC:
        answer["X-Robots-Tag"] = "noindex"
    return answer


@require_safe
def versions(
    request: HttpRequest, review_id: UUID, left: int, right: int
) -> HttpResponse:
    """Two versions beside each other, as git range-diff has them."""
    access = review_access(request, review_id)
    known = versions_of(access.review)
    by_number = {version.version: version for version in known}
    if left not in by_number or right not in by_number:
        raise Http404("no such version")
    context = {
        "page": "reviews",
        "access": access,
        "review": access.review,
        "versions": known,
        "left": by_number[left],
        "right": by_number[right],
        "pairs": compare_versions(by_number[left], by_number[right]),
    }
    return unindexed(render(request, "reviews/range.html", context), access)


@require_safe
def raw(request: HttpRequest, review_id: UUID, message_id: int) -> HttpResponse:
    """A message as it came: plain text, whatever it claims to be."""
    access = review_access(request, review_id)
    found = MailMessage.objects.filter(review=access.review, pk=message_id).first()
    if found is None:
        raise Http404("no such message")
    answer = HttpResponse(bytes(found.raw), content_type="text/plain; charset=utf-8")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Disposition"] = 'attachment; filename="message.txt"'
    return answer


@require_POST
def change(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Who sees it, how it stands."""
    access = own_review(request, review_id)
    form = ReviewForm(request.POST)
    if form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if value}
        chosen = request.POST.get("team")
        if chosen is not None and chosen != str(access.review.team_id or ""):
            given["team"] = _chosen_team(request, review_id, chosen)
        review_set(review=access.review, **given)
    else:
        messages.error(request, "Not changed: choose one of what is offered.")
    return redirect("review", review_id)


def _chosen_team(request: HttpRequest, review_id: UUID, chosen: str) -> Team | None:
    """To which its owner gives it; None: to none. Raises Http404."""
    sole_review(request, review_id)
    if not chosen:
        return None
    try:
        return joined_team(request.user, UUID(chosen))
    except (UnknownTeam, ValueError) as error:
        raise Http404("no such team") from error


@require_POST
def bind(request: HttpRequest, review_id: UUID, version: int) -> HttpResponse:
    """Say which kernel of the model stands for a version."""
    access = own_review(request, review_id)
    found = access.review.versions.filter(version=version).last()
    if found is None:
        raise Http404("no such version")
    name = request.POST.get("variant", "")
    try:
        if name:
            kernel_for(request, name)
        version_bind(version=found, variant=name, by=person_of(request))
    except DomainError as error:
        messages.error(request, f"Not bound: {error}.")
    return redirect(f"{redirect('review', review_id).url}#behaviour")


@require_POST
def remove(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Take a review out with everything that was said in it."""
    sole_review(request, review_id).review.delete()
    messages.success(request, "The review is gone.")
    return redirect("reviews")
