"""The OpenAPI document and a page to read it, from files of this server only."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView

from hwbpweb.security_headers import content_security_policy

schema = SpectacularAPIView.as_view()


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI. It paints small pictures from data: addresses and sets style attributes."""
    response = render(request, "api_docs.html")
    response["Content-Security-Policy"] = content_security_policy(
        style_src="'self' 'unsafe-inline'", img_src="'self' data:"
    )
    return response


@require_safe
def start_script(request: HttpRequest) -> HttpResponse:
    """The few lines that start the reader; a file of its own because of the policy."""
    return render(request, "api_docs.js", content_type="text/javascript")
