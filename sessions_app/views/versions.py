"""Versions and patches that the owner of a review joins by hand."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from sessions_app.errors import DomainError
from sessions_app.forms.annotations import JoinForm, PairForm
from sessions_app.models import Review, SeriesPatch
from sessions_app.permissions import own_review, person_of, postings_of
from sessions_app.services.versions import (
    patches_pair,
    patches_unpair,
    version_join,
    version_unjoin,
)


@require_POST
def join(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Move a version of another review of one's own here."""
    access = own_review(request, review_id)
    form = JoinForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Not joined: choose a version and a number from 1.")
        return redirect("review", review_id)
    own = postings_of(request.user)
    found = own.filter(pk=form.cleaned_data["posting"]).first()
    if found is None:
        raise Http404("no such version")
    try:
        made = version_join(
            version=found,
            into=access.review,
            number=form.cleaned_data["number"],
            by=person_of(request),
        )
    except DomainError as error:
        messages.error(request, f"Not joined: {_said(error)}.")
    else:
        messages.success(request, f"It is v{made.version} of this review now.")
    return redirect("review", review_id)


@require_POST
def unjoin(request: HttpRequest, review_id: UUID, join_id: int) -> HttpResponse:
    """Move it back to where it came from."""
    access = own_review(request, review_id)
    found = access.review.joins.select_related("came_from").filter(pk=join_id).first()
    if found is None:
        raise Http404("not joined by hand")
    try:
        back = version_unjoin(join=found)
    except DomainError as error:
        messages.error(request, f"Not undone: {_said(error)}.")
    else:
        messages.success(request, f"It is back in “{back.title}”.")
    return redirect("review", review_id)


@require_POST
def pair(request: HttpRequest, review_id: UUID, left: int, right: int) -> HttpResponse:
    """Say that two patches are the same one in two versions, or take that back."""
    access = own_review(request, review_id)
    form = PairForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Not paired: choose a patch of each version.")
        return redirect("review-versions", review_id, left, right)
    one = _patch(access.review, left, form.cleaned_data["left"])
    other = _patch(access.review, right, form.cleaned_data["right"])
    try:
        if form.cleaned_data["do"] == "unpair":
            patches_unpair(left=one, right=other)
        else:
            patches_pair(left=one, right=other, by=person_of(request))
    except DomainError as error:
        messages.error(request, f"Not paired: {_said(error)}.")
    return redirect("review-versions", review_id, left, right)


def _patch(review: Review, version: int, number: int) -> SeriesPatch:
    rows = SeriesPatch.objects.select_related("version__review", "message")
    found = rows.filter(version__review=review, version__version=version, number=number)
    patch = found.order_by("version").last()
    if patch is None:
        raise Http404("no such patch")
    return patch


def _said(error: DomainError) -> str:
    allowed = f"; allowed: {error.allowed}" if error.allowed else ""
    return f"{error}{allowed}"
