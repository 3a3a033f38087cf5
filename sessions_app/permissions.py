"""Who may see and change what. Every page and every resource asks here, once.

An owner sees and changes their own. A team's members have their role with what was given
to the team. A share cookie lets anybody read the one session or review that its link was
made for, and speak or debug as far as the link's role goes. What is unlisted or public is
read by whoever has the address, and remarked on by whoever has an account. Of several
roles the strongest counts. For everybody else a thing does not exist: 404, never 403, so
that ids cannot be probed.
Whom a worker may tell of something, without a request, is in readers.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from sessions_app.errors import UnknownTeam
from sessions_app.models import (
    Annotation,
    ApiToken,
    DebugSession,
    Membership,
    Review,
    ReviewRemark,
    Run,
    SeriesVersion,
    ShareLink,
    StoredRecipe,
    SwitchSet,
    Team,
)
from sessions_app.roles import (
    COMMENTER,
    MAINTAINER,
    OWNER,
    VIEWER,
    Grant,
    TeamAccess,
    rank,
)
from sessions_app.roles import (
    Access as Access,
)
from sessions_app.roles import (
    Person as Person,
)
from sessions_app.roles import (
    ReviewAccess as ReviewAccess,
)

SHARE_COOKIE = "hwbpweb_share"
SHARE_SALT = "sessions_app.share"
#: A browser keeps this many links at once; the oldest goes first.
MAX_LINKS = 20
#: What follows the name that a guest gave: nobody passes for an account.
BY_LINK = " (by link)"


def socket_access(scope: Mapping[str, Any], session_id: UUID | str) -> Access | None:
    """The access of whoever came by a websocket, as it is now; None also when their
    token was deleted or has expired meanwhile."""
    person = scope.get("user") or AnonymousUser()
    access = access_for(person, scope.get("cookies") or {}, session_id)
    token_id = scope.get("token_id")
    if access is None or token_id is None:
        return access
    token = ApiToken.objects.filter(pk=token_id).first()
    if token is None or not token.is_live:
        return None
    if not token.allows(ApiToken.Scope.CONTROL):
        return replace(access, role=ShareLink.Role.VIEWER)
    return access


def person_of(request: HttpRequest) -> User:
    """Who is signed in, where a view or a permission class has made sure of it."""
    if not isinstance(request.user, User):
        raise PermissionDenied("sign in first")
    return request.user


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


def _own(person: User, thing: str = "") -> Q:
    """What a person owns, and what their teams have; thing: the way to it."""
    teams = Membership.objects.filter(user=person).values("team")
    return Q(**{f"{thing}owner": person}) | Q(**{f"{thing}team__in": teams})


def sessions_of(person: Person) -> QuerySet[DebugSession]:
    """The sessions of a person and of their teams."""
    if not isinstance(person, User):
        return DebugSession.objects.none()
    return DebugSession.objects.filter(_own(person)).select_related("owner", "team")


def public_sessions(person: Person) -> QuerySet[DebugSession]:
    """Those that others have made public."""
    public = DebugSession.objects.filter(visibility=DebugSession.Visibility.PUBLIC)
    if isinstance(person, User):
        public = public.exclude(pk__in=sessions_of(person).values("pk"))
    return public.select_related("owner", "team")


def runs_of(person: Person) -> QuerySet[Run]:
    """The runs of the sessions of a person and of their teams."""
    if not isinstance(person, User):
        return Run.objects.none()
    return Run.objects.filter(
        _own(person, "session__"), session__deleted_at=None
    ).select_related("session", "recipe")


def access_for(
    person: Person, cookies: Mapping[str, str], session_id: UUID | str
) -> Access | None:
    """The access of a person to a session, or None."""
    sessions = DebugSession.objects.select_related("owner", "team")
    session = sessions.filter(pk=session_id).first()
    grant = session and _granted(person, cookies, session)
    if session is None or not grant:
        return None
    account = person if isinstance(person, User) else None
    name = _name_of(account, cookies, grant.link)
    return Access(session, grant.role, grant.link, account, name, grant.team)


def _granted(
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
    grant = _granted(person, {}, link.thing)
    return grant is not None and rank(grant.role) >= rank(link.role)


def _name_of(
    account: User | None, cookies: Mapping[str, str], link: ShareLink | None
) -> str:
    if account is not None:
        return account.get_username()
    if link is None:
        return ""
    return (links_held(cookies).get(str(link.pk)) or "guest") + BY_LINK


def session_access(request: HttpRequest, session_id: UUID | str) -> Access:
    """Access to a session for reading. Raises Http404 when there is none."""
    access = access_for(request.user, request.COOKIES, session_id)
    if access is None:
        raise Http404("no such session")
    return access


def owner_access(request: HttpRequest, session_id: UUID | str) -> Access:
    """Access to a session for changing it, as its owner or a maintainer of its team: a
    viewer is told so, others get 404."""
    access = session_access(request, session_id)
    if not access.can_write:
        raise PermissionDenied("only the owner and maintainers do this")
    return access


def sole_access(request: HttpRequest, session_id: UUID | str) -> Access:
    """Access to a session for what its owner alone does, deleting it and giving it to a
    team: who may read it is told so, others get 404."""
    access = session_access(request, session_id)
    if not access.is_owner:
        raise PermissionDenied("only the owner does this")
    return access


def speaking_access(request: HttpRequest, session_id: UUID | str) -> Access:
    """Access to a session for annotating: a viewer is told so, others get 404."""
    access = session_access(request, session_id)
    if not access.can_remark:
        raise PermissionDenied("you may only read this session")
    return access


def annotation_access(
    request: HttpRequest, session_id: UUID | str, annotation_id: UUID | str
) -> tuple[Access, Annotation]:
    """A remark of a session to resolve, reopen or take out: the owner may, and whoever
    wrote it with an account. Others are told so, or get 404."""
    access = speaking_access(request, session_id)
    try:
        key = UUID(str(annotation_id))
    except ValueError as error:
        raise Http404("no such remark") from error
    rows = Annotation.objects.select_related("run", "answers")
    found = rows.filter(session=access.session, pk=key).first()
    if found is None:
        raise Http404("no such remark")
    if not access.can_write and not is_author(request, found):
        raise PermissionDenied("these are somebody else's words")
    return access, found


def own_annotation(
    request: HttpRequest, session_id: UUID | str, annotation_id: UUID | str
) -> Annotation:
    """A remark to put into other words: nobody changes those of somebody else."""
    _, found = annotation_access(request, session_id, annotation_id)
    if not is_author(request, found):
        raise PermissionDenied("these are somebody else's words")
    return found


def is_author(request: HttpRequest, remark: Annotation | ReviewRemark) -> bool:
    """Whether the caller's account wrote it; a guest has no words of their own."""
    return request.user.is_authenticated and remark.author_id == request.user.pk


def run_access(request: HttpRequest, run_id: UUID | str) -> tuple[Access, Run]:
    """A run and the access to its session. Raises Http404."""
    run = Run.objects.select_related("session", "recipe").filter(pk=run_id).first()
    if run is None:
        raise Http404("no such run")
    return session_access(request, run.session_id), run


def restorable_run(request: HttpRequest, run_id: UUID | str) -> Run:
    """A deleted run of a session that the caller may change: a viewer is told so, for
    others there is none."""
    run = Run.everything.filter(pk=run_id, deleted_at__isnull=False).first()
    if run is None:
        raise Http404("no such run")
    owner_access(request, run.session_id)
    return run


def controlled_run(request: HttpRequest, run_id: UUID | str) -> tuple[Access, Run]:
    """A run that the caller may debug: a viewer is told so, others get 404."""
    access, run = run_access(request, run_id)
    if not access.can_control:
        raise PermissionDenied("you may not control the runs of this session")
    return access, run


def recipe_is_readable(request: HttpRequest, recipe: StoredRecipe) -> bool:
    """Whether a run in a session that the caller may read used it."""
    seen = ~Q(visibility=DebugSession.Visibility.PRIVATE)
    if isinstance(request.user, User):
        seen |= _own(request.user)
    if ids := link_ids(request.COOKIES):
        seen |= Q(pk__in=live_links().filter(pk__in=ids).values("session"))
    readable = DebugSession.objects.filter(seen).values("pk")
    return Run.objects.filter(recipe=recipe, session__in=readable).exists()


def numbered_run(
    request: HttpRequest, session_id: UUID, number: int
) -> tuple[Access, Run]:
    """Run n of a session. Raises Http404."""
    access = session_access(request, session_id)
    run = (
        Run.objects.select_related("recipe")
        .filter(session=access.session, number=number)
        .first()
    )
    if run is None:
        raise Http404("no such run")
    return access, run


def switch_sets_of(person: Person) -> QuerySet[SwitchSet]:
    """The switch sets of a person, by name."""
    if not person.is_authenticated:
        return SwitchSet.objects.none()
    return SwitchSet.objects.filter(owner=person).order_by("name")


def public_switch_sets(person: Person) -> QuerySet[SwitchSet]:
    """Those that others have made public, by name."""
    if not person.is_authenticated:
        return SwitchSet.objects.none()
    public = SwitchSet.objects.filter(visibility=SwitchSet.Visibility.PUBLIC)
    return public.exclude(owner=person).select_related("owner").order_by("name")


def switch_set_for(request: HttpRequest, set_id: UUID | str) -> SwitchSet:
    """A set to read: one's own, a public one, or an unlisted one, whose address is the
    capability. Raises Http404."""
    found = SwitchSet.objects.select_related("owner").filter(pk=set_id).first()
    if found is None or not request.user.is_authenticated:
        raise Http404("no such switch set")
    private = found.visibility == SwitchSet.Visibility.PRIVATE
    if private and found.owner_id != request.user.pk:
        raise Http404("no such switch set")
    return found


def own_switch_set(request: HttpRequest, set_id: UUID | str) -> SwitchSet:
    """A set to change: a reader is told so, others get 404."""
    found = switch_set_for(request, set_id)
    if found.owner_id != request.user.pk:
        raise PermissionDenied("this switch set is somebody else's")
    return found


def reviews_of(person: Person) -> QuerySet[Review]:
    """The reviews that a person brought, and those of their teams."""
    if not isinstance(person, User):
        return Review.objects.none()
    return Review.objects.filter(_own(person)).select_related("owner", "team")


def postings_of(person: Person) -> QuerySet[SeriesVersion]:
    """Versions of the reviews that a person brought: what is a team's stays there."""
    if not isinstance(person, User):
        return SeriesVersion.objects.none()
    return SeriesVersion.objects.filter(review__owner=person)


def public_reviews(person: Person) -> QuerySet[Review]:
    """Those that others have made public."""
    public = Review.objects.filter(visibility=Review.Visibility.PUBLIC)
    own = reviews_of(person).values("pk")
    return public.exclude(pk__in=own).select_related("owner", "team")


def review_access(request: HttpRequest, review_id: UUID | str) -> ReviewAccess:
    """A review to read: one's own, a team's, one that a share link opened, a public one,
    or an unlisted one, whose address is the capability; reading needs no account. Raises
    Http404."""
    reviews = Review.objects.select_related("owner", "team")
    found = reviews.filter(pk=review_id).first()
    grant = found and _granted(request.user, request.COOKIES, found)
    if found is None or not grant:
        raise Http404("no such review")
    account = request.user if isinstance(request.user, User) else None
    name = _name_of(account, request.COOKIES, grant.link)
    person = request.user
    return ReviewAccess(found, person, grant.role, grant.link, name, grant.team)


def own_review(request: HttpRequest, review_id: UUID | str) -> ReviewAccess:
    """A review to change, as its owner or a maintainer of its team: a reader is told so,
    others get 404."""
    access = review_access(request, review_id)
    if not access.can_write:
        raise PermissionDenied("this review is somebody else's")
    return access


def sole_review(request: HttpRequest, review_id: UUID | str) -> ReviewAccess:
    """A review for what its owner alone does, as sole_access."""
    access = review_access(request, review_id)
    if not access.is_owner:
        raise PermissionDenied("only the owner does this")
    return access


def remarking(request: HttpRequest, review_id: UUID | str) -> ReviewAccess:
    """A review to speak in: who has no account, nor a link for it, is told so."""
    access = review_access(request, review_id)
    if not access.can_remark:
        signed_in = request.user.is_authenticated
        wrong = "you may only read this review" if signed_in else "sign in to remark"
        raise PermissionDenied(wrong)
    return access


def own_words(request: HttpRequest, review_id: UUID | str) -> ReviewAccess:
    """A review in which to keep drafts, change one's remarks and answer by mail: these
    are of an account."""
    access = remarking(request, review_id)
    person_of(request)
    return access


def teams_of(person: Person) -> QuerySet[Membership]:
    """Somebody's places in teams, by the teams' names."""
    if not isinstance(person, User):
        return Membership.objects.none()
    found = Membership.objects.filter(user=person).select_related("team")
    return found.order_by("team__name", "pk")


def joined_team(person: Person, team_id: UUID | str) -> Team:
    """A team that somebody is in, to give a thing to. Raises UnknownTeam."""
    found = teams_of(person).filter(team_id=team_id).first()
    if found is None:
        raise UnknownTeam(
            "you are in no such team",
            field="team",
            value=str(team_id),
            allowed="the id of a team that you are in, or null",
        )
    return found.team


def team_access(request: HttpRequest, team_id: UUID | str) -> TeamAccess:
    """A team that the caller is in. Raises Http404."""
    found = teams_of(request.user).filter(team_id=team_id).first()
    if found is None:
        raise Http404("no such team")
    return TeamAccess(found.team, found)


def managed_team(request: HttpRequest, team_id: UUID | str) -> TeamAccess:
    """A team to manage: its other members are told so, others get 404."""
    access = team_access(request, team_id)
    if not access.can_manage:
        raise PermissionDenied("only owners of the team do this")
    return access
