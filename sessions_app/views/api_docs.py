"""The OpenAPI document and a page to read it, from files of this server only."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView

schema = SpectacularAPIView.as_view()


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI, started by a script of its own because nothing inline runs here."""
    return render(request, "api_docs.html")


@require_safe
def start_script(request: HttpRequest) -> HttpResponse:
    """The few lines that start the reader; a file of its own because of the policy."""
    return render(request, "api_docs.js", content_type="text/javascript")
