"""The OpenAPI document, and pages to read it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView

from sessions_app.reference.operations import groups

schema = SpectacularAPIView.as_view()


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """All operations, a line each."""
    told = {"page": "api", "groups": groups().values()}
    return render(request, "api/operations.html", told)


@require_safe
def docs_of(request: HttpRequest, group: str) -> HttpResponse:
    """The operations below one word of the address, whole. Raises Http404."""
    found = groups().get(group)
    if found is None:
        raise Http404("no such part of the API")
    told = {"page": "api", "groups": groups().values(), "group": found}
    return render(request, "api/group.html", told)
