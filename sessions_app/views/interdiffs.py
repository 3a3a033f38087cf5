"""The page of one patch between two versions."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sessions_app.permissions import review_access
from sessions_app.reviews.interdiffs import Interdiff, interdiff_of
from sessions_app.views.reviews import unindexed, versions_of


@require_safe
def interdiff(
    request: HttpRequest, review_id: UUID, left: int, right: int, number: int
) -> HttpResponse:
    """What changed in what a patch makes of the files."""
    access = review_access(request, review_id)
    by_number = {version.version: version for version in versions_of(access.review)}
    if left not in by_number or right not in by_number:
        raise Http404("no such version")
    found = interdiff_of(by_number[left], by_number[right], number)
    if found is None:
        raise Http404("no such patch")
    context = {
        "page": "reviews",
        "access": access,
        "review": access.review,
        "left": by_number[left],
        "right": by_number[right],
        "patch": found.right,
        "found": found if isinstance(found, Interdiff) else None,
        "split": request.GET.get("view") == "split",
    }
    return unindexed(render(request, "reviews/interdiff.html", context), access)
