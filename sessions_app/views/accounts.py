"""Signing in by link, and API tokens."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from sessions_app.forms.accounts import TokenForm
from sessions_app.models import ApiToken
from sessions_app.permissions import person_of
from sessions_app.services.quotas import usage_of
from sessions_app.services.sharing import (
    login_link_use,
    login_link_user,
    token_create,
    token_delete,
)
from sessions_app.views.sign_in import sign_in


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login_link(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in with a one-time link.

    A GET only shows the button: chat programs and mail scanners fetch links, and would
    spend it.
    """
    if request.method != "POST":
        user = login_link_user(token)
        if user is None:
            return _spent(request)
        # Not no-referrer: the form would be sent with "Origin: null" and refused.
        context = {"username": user.get_username()}
        return render(request, "registration/login_link.html", context)
    user = login_link_use(token)
    if user is None:
        return _spent(request)
    sign_in(request, user)
    return redirect("home")


def _spent(request: HttpRequest) -> HttpResponse:
    context = {
        "heading": "This login link is spent",
        "detail": "It works once and for a short time. The server prints a new one when "
        "it starts.",
    }
    return render(request, "sessions/link_closed.html", context, status=410)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Make and list API tokens."""
    secret = None
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        days = given["days"]
        _, secret = token_create(
            user=person_of(request),
            name=given["name"],
            scope=given["scope"] or ApiToken.Scope.CONTROL,
            expires_at=timezone.now() + timedelta(days=days) if days else None,
        )
    mine = ApiToken.objects.filter(user=person_of(request)).order_by("-created_at")
    context = {"tokens": mine, "secret": secret, "form": form}
    return render(request, "tokens.html", context)


@login_required
@never_cache
@require_safe
def usage(request: HttpRequest) -> HttpResponse:
    """What counts against the person's limits."""
    context = {"usage": usage_of(person_of(request))}
    return render(request, "usage.html", context)


@login_required
@require_POST
def token_remove(request: HttpRequest, token_id: int) -> HttpResponse:
    """Delete a token: scripts that use it are refused from now on."""
    if not token_delete(user=person_of(request), token_id=token_id):
        raise Http404
    return redirect("tokens")
