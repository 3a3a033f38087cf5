"""Share links: making and revoking them, and opening one without an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from sessions_app.forms import ShareForm
from sessions_app.models import Run, ShareLink
from sessions_app.moments import moment_view
from sessions_app.permissions import (
    MAX_LINKS,
    SHARE_COOKIE,
    SHARE_SALT,
    Access,
    link_ids,
    owner_access,
    person_of,
)
from sessions_app.selectors import hit_by_number, hit_number
from sessions_app.services.sharing import (
    link_is_live,
    share_link_create,
    share_link_open,
    share_link_revoke,
)
from sessions_app.views.pages import wants_fragment, whole_number

_COOKIE_AGE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as the dialog lists it."""

    link: ShareLink
    hit_number: int | None

    id = property(lambda self: self.link.pk)
    created_at = property(lambda self: self.link.created_at)
    expires_at = property(lambda self: self.link.expires_at)
    revoked_at = property(lambda self: self.link.revoked_at)
    used_count = property(lambda self: self.link.used_count)


def link_rows(access: Access) -> list[LinkRow]:
    """The links of a session, newest first."""
    links = (
        ShareLink.objects.filter(session=access.session)
        .select_related("run")
        .order_by("-created_at")[:50]
    )
    return [LinkRow(link, _number(link)) for link in links]


def _number(link: ShareLink) -> int | None:
    if link.run is None or link.seq is None:
        return None
    return hit_number(link.run, link.seq)


def _box(request: HttpRequest, access: Access, **extra: Any) -> HttpResponse:
    source = request.POST if request.method == "POST" else request.GET
    run = Run.objects.filter(
        session=access.session, number=whole_number(source.get("run")) or 0
    ).first()
    hit = whole_number(source.get("hit"))
    context = {
        "access": access,
        "session": access.session,
        "run": run,
        "moment": moment_view(run, hit) if run and hit else None,
        "links": link_rows(access),
        **extra,
    }
    name = "sessions/_share.html" if wants_fragment(request) else "sessions/share.html"
    return render(request, name, context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The dialog's page: make a link, see which exist."""
    access = owner_access(request, session_id)
    if request.method != "POST":
        return _box(request, access)
    form = ShareForm(request.POST)
    if not form.is_valid():
        return _box(request, access)
    given = form.cleaned_data
    days = given["days"]
    run = Run.objects.filter(session=access.session, number=given["run"]).first()
    record = hit_by_number(run, given["hit"]) if run and given["hit"] else None
    _, secret = share_link_create(
        session=access.session,
        by=person_of(request),
        expires_at=timezone.now() + timedelta(days=days) if days else None,
        run=run,
        seq=record.seq if record else None,
    )
    url = request.build_absolute_uri(reverse("share-open", args=[secret]))
    return _box(request, access, share_url=url)


@require_POST
def revoke(request: HttpRequest, session_id: UUID, link_id: str) -> HttpResponse:
    """End a link."""
    access = owner_access(request, session_id)
    if not share_link_revoke(session=access.session, link_id=link_id):
        raise Http404
    if wants_fragment(request):
        return _box(request, access)
    return redirect("share", session_id)


def _closed(request: HttpRequest, link: ShareLink | None) -> HttpResponse:
    if link is None:
        heading, detail = (
            "No such link",
            "The address is not complete, or it never was.",
        )
    elif link.revoked_at is not None:
        heading = "This link was revoked"
        detail = f"{link.created_by.get_username()} can make a new one."
    else:
        heading = "This link has expired"
        detail = f"{link.created_by.get_username()} can make a new one."
    context = {"heading": heading, "detail": detail}
    status = 404 if link is None else 410
    return render(request, "sessions/link_closed.html", context, status=status)


@never_cache
@require_safe
def share_open(request: HttpRequest, token: str) -> HttpResponse:
    """Trade the secret in the address for a signed cookie and go to the moment.

    The secret leaves the address bar at once, so that it is neither in a screenshot nor
    in a referrer.
    """
    link = share_link_open(token)
    if link is None or not link_is_live(link):
        response = _closed(request, link)
    else:
        response = redirect(_moment_url(link))
        _remember(request, response, link)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _moment_url(link: ShareLink) -> str:
    where: dict[str, int] = {}
    if link.run is not None:
        where["run"] = link.run.number
        number = _number(link)
        if number is not None:
            where["hit"] = number
    url = reverse("session", args=[link.session_id])
    return f"{url}?{urlencode(where)}" if where else url


def _remember(request: HttpRequest, response: HttpResponse, link: ShareLink) -> None:
    others = [i for i in link_ids(request.COOKIES) if i != str(link.pk)]
    value = signing.dumps([str(link.pk), *others][:MAX_LINKS], salt=SHARE_SALT)
    response.set_cookie(
        SHARE_COOKIE,
        value,
        max_age=int(_COOKIE_AGE.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
