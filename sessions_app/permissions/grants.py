"""The role that somebody has with a session or a review, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from sessions_app.models import DebugSession, Membership, Review, ShareLink, Team
from sessions_app.roles import COMMENTER, MAINTAINER, OWNER, VIEWER, Grant, Person, rank

SHARE_COOKIE = "hwbpweb_share"
SHARE_SALT = "sessions_app.share"
#: A browser keeps this many links at once; the oldest goes first.
MAX_LINKS = 20
#: What follows the name that a guest gave: nobody passes for an account.
BY_LINK = " (by link)"


def links_held(cookies: Mapping[str, str]) -> dict[str, str]:
    """Ids of the share links in the signed cookie, the newest first, each with the name
    that its holder gave; a forged or broken cookie names none."""
    try:
        held = signing.loads(cookies.get(SHARE_COOKIE, ""), salt=SHARE_SALT)
    except signing.BadSignature:
        return {}
    if isinstance(held, list):  # of before there were names
        held = dict.fromkeys(held, "")
    return {str(i): str(name) for i, name in list(held.items())[:MAX_LINKS]}


def link_ids(cookies: Mapping[str, str]) -> list[str]:
    """Share links in the signed cookie."""
    return list(links_held(cookies))


def live_links() -> QuerySet[ShareLink]:
    """Links that neither expired nor were revoked. Checked on every request."""
    fresh = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ShareLink.objects.filter(fresh, revoked_at=None, session__deleted_at=None)


def own(person: User, thing: str = "") -> Q:
    """What a person owns, and what their teams have; thing: the way to it."""
    teams = Membership.objects.filter(user=person).values("team")
    return Q(**{f"{thing}owner": person}) | Q(**{f"{thing}team__in": teams})


def granted(
    person: Person, cookies: Mapping[str, str], thing: DebugSession | Review
) -> Grant | None:
    """The strongest role that somebody has with a session or a review. Of equals the
    link comes last: whoever needs none is no guest."""
    account = person if isinstance(person, User) else None
    if account and thing.owner_id == account.pk:
        return Grant(OWNER)
    found = [
        *_by_team(account, thing.team),
        *_by_address(account, thing.visibility),
        *_by_link(cookies, thing),
    ]
    return max(found, key=lambda grant: rank(grant.role), default=None)


def _by_team(account: User | None, team: Team | None) -> list[Grant]:
    """A team's owner is as a maintainer with its things: they stay their makers'."""
    if account is None or team is None:
        return []
    role = member_role(account, team)
    return [Grant(MAINTAINER if role == OWNER else role, team=team)] if role else []


def member_role(account: User, team: Team) -> str:
    """Somebody's role in a team; empty: none."""
    found = Membership.objects.filter(user=account, team=team)
    return found.values_list("role", flat=True).first() or ""


def _by_address(account: User | None, visibility: str) -> list[Grant]:
    if visibility == DebugSession.Visibility.PRIVATE:
        return []
    return [Grant(VIEWER if account is None else COMMENTER)]


def _by_link(cookies: Mapping[str, str], thing: DebugSession | Review) -> list[Grant]:
    """The live links that a browser has opened for the thing."""
    ids = link_ids(cookies)
    if not ids:
        return []
    scope = {"review" if isinstance(thing, Review) else "session": thing}
    found = live_links().select_related("created_by").filter(pk__in=ids, **scope)
    return [Grant(link.role, link=link) for link in found]


def needs_no_link(person: Person, link: ShareLink) -> bool:
    """Whether somebody's account may by itself what a link would let them."""
    if not isinstance(person, User):
        return False
    grant = granted(person, {}, link.thing)
    return grant is not None and rank(grant.role) >= rank(link.role)


def name_of(
    account: User | None, cookies: Mapping[str, str], link: ShareLink | None
) -> str:
    if account is not None:
        return account.get_username()
    if link is None:
        return ""
    return (links_held(cookies).get(str(link.pk)) or "guest") + BY_LINK


def person_of(request: HttpRequest) -> User:
    """Who is signed in, where a view or a permission class has made sure of it."""
    if not isinstance(request.user, User):
        raise PermissionDenied("sign in first")
    return request.user
