"""Share links: making and revoking them, and opening one without an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
)

from sessions_app.errors import UnknownTeam
from sessions_app.forms.accounts import MAX_USES, GuestForm, ShareForm
from sessions_app.forms.teams import SeenForm
from sessions_app.models import DebugSession, LinkOpening, Review, Run, ShareLink, Team
from sessions_app.moments import moment_view
from sessions_app.permissions import (
    MAX_LINKS,
    SHARE_COOKIE,
    SHARE_SALT,
    Access,
    joined_team,
    link_ids,
    links_held,
    needs_no_link,
    own_review,
    owner_access,
    person_of,
    sole_access,
    teams_of,
)
from sessions_app.selectors import hit_by_number, hit_number
from sessions_app.services.sessions import session_show
from sessions_app.services.sharing import (
    Terms,
    share_link_create,
    share_link_find,
    share_link_hold,
    share_link_open,
    share_link_revoke,
)
from sessions_app.views.pages import wants_fragment, whole_number

_COOKIE_AGE = timedelta(days=30)
#: Of a link, as its list shows them.
_OPENINGS = 20
_WRONG_SEEN = "Not changed: choose one of what is offered."
_WRONG_TERMS = f"No link was made: a role of the list, and 1 to {MAX_USES} openings."


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as the dialog lists it."""

    link: ShareLink
    hit_number: int | None
    openings: list[LinkOpening]
    """The last ones."""


def link_rows(of: DebugSession | Review) -> list[LinkRow]:
    """The links of a session or a review, newest first."""
    links = of.share_links.select_related("run").prefetch_related("openings")
    return [
        LinkRow(link, _number(link), list(link.openings.all())[:_OPENINGS])
        for link in links.order_by("-created_at")[:50]
    ]


def _number(link: ShareLink) -> int | None:
    if link.run is None or link.seq is None:
        return None
    return hit_number(link.run, link.seq)


def team_choices(request: HttpRequest, present: Team | None) -> list[Team]:
    """To which a thing can be given, and the one that it is given to."""
    teams = [place.team for place in teams_of(request.user)]
    return teams if present is None or present in teams else [present, *teams]


def share_choices(request: HttpRequest, session: DebugSession) -> dict[str, Any]:
    """What the forms offer: of a new link, and of who sees the session."""
    return {
        "roles": ShareLink.Role.values,
        "max_uses": MAX_USES,
        "visibilities": DebugSession.Visibility.values,
        "teams": team_choices(request, session.team),
    }


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
        "links": link_rows(access.session),
        **share_choices(request, access.session),
        **extra,
    }
    name = "sessions/_share.html" if wants_fragment(request) else "sessions/share.html"
    return render(request, name, context)


def _terms(form: ShareForm) -> Terms:
    given = form.cleaned_data
    days = given["days"]
    return Terms(
        role=given["role"] or ShareLink.Role.VIEWER,
        expires_at=timezone.now() + timedelta(days=days) if days else None,
        use_limit=given["uses"],
    )


def _address(request: HttpRequest, secret: str) -> str:
    return request.build_absolute_uri(reverse("share-open", args=[secret]))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The dialog's page: make a link, see which exist and who opened them."""
    access = owner_access(request, session_id)
    if request.method != "POST":
        return _box(request, access)
    form = ShareForm(request.POST)
    if not form.is_valid():
        return _box(request, access, problem=_WRONG_TERMS)
    given = form.cleaned_data
    run = Run.objects.filter(session=access.session, number=given["run"]).first()
    record = hit_by_number(run, given["hit"]) if run and given["hit"] else None
    _, secret = share_link_create(
        of=access.session,
        by=person_of(request),
        terms=_terms(form),
        run=run,
        seq=record.seq if record else None,
    )
    return _box(request, access, share_url=_address(request, secret))


@require_POST
def show(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Change who sees the session; to which team it is given, its owner alone."""
    access = owner_access(request, session_id)
    form = SeenForm(request.POST)
    if not form.is_valid():
        return _box(request, access, seen_problem=_WRONG_SEEN)
    seen: dict[str, Any] = {"visibility": form.cleaned_data["visibility"]}
    team_id = form.cleaned_data["team"]
    if "team" in request.POST and team_id != access.session.team_id:
        sole_access(request, session_id)
        try:
            seen["team"] = joined_team(request.user, team_id) if team_id else None
        except UnknownTeam as error:
            return _box(request, access, seen_problem=f"Not changed: {error}.")
    session_show(session=access.session, **seen)
    if wants_fragment(request):
        return _box(request, access, seen_done=True)
    return redirect("share", session_id)


@require_POST
def revoke(request: HttpRequest, session_id: UUID, link_id: str) -> HttpResponse:
    """End a link."""
    access = owner_access(request, session_id)
    if not share_link_revoke(of=access.session, link_id=link_id):
        raise Http404
    if wants_fragment(request):
        return _box(request, access)
    return redirect("share", session_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review_share(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """The links of a review: make one, see which exist and who opened them."""
    access = own_review(request, review_id)
    roles = [ShareLink.Role.VIEWER, ShareLink.Role.COMMENTER]
    context: dict[str, Any] = {
        "page": "reviews",
        "review": access.review,
        "roles": roles,
        "max_uses": MAX_USES,
    }
    if request.method == "POST":
        form = ShareForm(request.POST)
        if form.is_valid() and form.cleaned_data["role"] in ("", *roles):
            _, secret = share_link_create(
                of=access.review, by=person_of(request), terms=_terms(form)
            )
            context["share_url"] = _address(request, secret)
        else:
            context["problem"] = _WRONG_TERMS
    context["links"] = link_rows(access.review)
    return render(request, "reviews/share.html", context)


@require_POST
def review_revoke(request: HttpRequest, review_id: UUID, link_id: str) -> HttpResponse:
    """End a link of a review."""
    access = own_review(request, review_id)
    if not share_link_revoke(of=access.review, link_id=link_id):
        raise Http404
    return redirect("review-share", review_id)


_CLOSED = {
    "revoked": "This link was revoked",
    "expired": "This link has expired",
    "used up": "This link was opened as often as it may be",
}


def _closed(request: HttpRequest, link: ShareLink | None) -> HttpResponse:
    heading = "No such link"
    detail = "The address is not complete, or it never was."
    if link is not None:
        heading = _CLOSED[link.state]
        detail = f"{link.created_by.get_username()} can make a new one."
    context = {"heading": heading, "detail": detail}
    status = 404 if link is None else 410
    return render(request, "sessions/link_closed.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def share_open(request: HttpRequest, token: str) -> HttpResponse:
    """Trade the secret in the address for a signed cookie and go to the moment.

    The secret leaves the address bar at once, so that it is neither in a screenshot nor
    in a referrer.
    """
    response = _opened(request, share_link_find(token))
    # Not no-referrer where there is a form: it would be sent with "Origin: null" and be
    # refused. The origin says nothing of the secret.
    asks = response.status_code == 200
    response["Referrer-Policy"] = "strict-origin" if asks else "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _opened(request: HttpRequest, link: ShareLink | None) -> HttpResponse:
    if link is None:
        return _closed(request, None)
    if _is_in(request, link):
        _hold(request, link)
        return redirect(_place(link))
    if link.state != "open":
        return _closed(request, link)
    form = GuestForm(request.POST or None)
    needs_name = link.role != ShareLink.Role.VIEWER and not (
        request.user.is_authenticated
    )
    asks = needs_name or link.use_limit is not None
    said = request.method == "POST" and (form.is_valid() or not needs_name)
    if asks and not said:
        return _question(request, link, needs_name)
    if not share_link_open(link=link, address=request.META.get("REMOTE_ADDR", "")):
        link.refresh_from_db()
        return _closed(request, link)
    _hold(request, link)
    response = redirect(_place(link))
    name = form.cleaned_data["name"] if needs_name else ""
    _remember(request, response, link, name)
    return response


def _is_in(request: HttpRequest, link: ShareLink) -> bool:
    """Whoever may as much without it, as the owner, and whoever has opened it before:
    they spend nothing."""
    if needs_no_link(request.user, link):
        return True
    held = str(link.pk) in link_ids(request.COOKIES)
    return held and link.state in ("open", "used up")


def _hold(request: HttpRequest, link: ShareLink) -> None:
    """Of an account it is kept, so that it can be mentioned and told of answers."""
    if isinstance(request.user, User) and link.thing.owner_id != request.user.pk:
        share_link_hold(link=link, person=request.user)


def _question(request: HttpRequest, link: ShareLink, needs_name: bool) -> HttpResponse:
    """A page with a button: chat programs and mail scanners fetch links, and would spend
    one; and whoever speaks or acts says under which name."""
    context = {
        "link": link,
        "thing": link.thing,
        "needs_name": needs_name,
        "wrong": request.method == "POST",
    }
    return render(request, "sessions/link_open.html", context)


def _place(link: ShareLink) -> str:
    if link.review_id is not None:
        return reverse("review", args=[link.review_id])
    where: dict[str, int] = {}
    if link.run is not None:
        where["run"] = link.run.number
        number = _number(link)
        if number is not None:
            where["hit"] = number
    url = reverse("session", args=[link.session_id])
    return f"{url}?{urlencode(where)}" if where else url


def _remember(
    request: HttpRequest, response: HttpResponse, link: ShareLink, name: str
) -> None:
    held = {str(link.pk): name}
    held |= {k: v for k, v in links_held(request.COOKIES).items() if k not in held}
    value = signing.dumps(dict(list(held.items())[:MAX_LINKS]), salt=SHARE_SALT)
    response.set_cookie(
        SHARE_COOKIE,
        value,
        max_age=int(_COOKIE_AGE.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
