"""Who may see and change what. Every page and every resource asks here, once.

An owner sees and changes their own. A share cookie lets anybody read the one session it
was made for. For everybody else a session does not exist: 404, never 403, so that ids
cannot be probed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from sessions_app.models import DebugSession, Run, ShareLink, StoredRecipe

SHARE_COOKIE = "hwbpweb_share"
SHARE_SALT = "sessions_app.share"
#: A browser keeps this many links at once; the oldest goes first.
MAX_LINKS = 20

Person = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody may do with one session; link is set for a viewer without account."""

    session: DebugSession
    role: str
    link: ShareLink | None = None

    @property
    def can_write(self) -> bool:
        """Annotate, run, share, rename."""
        return self.role == "owner"


def person_of(request: HttpRequest) -> User:
    """Who is signed in, where a view or a permission class has made sure of it."""
    if not isinstance(request.user, User):
        raise PermissionDenied("sign in first")
    return request.user


def link_ids(cookies: Mapping[str, str]) -> list[str]:
    """Share links in the signed cookie; a forged or broken cookie names none."""
    try:
        ids = signing.loads(cookies.get(SHARE_COOKIE, ""), salt=SHARE_SALT)
    except signing.BadSignature:
        return []
    return [str(i) for i in ids][:MAX_LINKS] if isinstance(ids, list) else []


def live_links() -> QuerySet[ShareLink]:
    """Links that neither expired nor were revoked. Checked on every request."""
    fresh = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ShareLink.objects.filter(fresh, revoked_at=None)


def sessions_of(person: Person) -> QuerySet[DebugSession]:
    """The sessions that a person owns."""
    if not person.is_authenticated:
        return DebugSession.objects.none()
    return DebugSession.objects.filter(owner=person)


def runs_of(person: Person) -> QuerySet[Run]:
    """The runs of a person's sessions."""
    if not person.is_authenticated:
        return Run.objects.none()
    return Run.objects.filter(session__owner=person).select_related("session", "recipe")


def access_for(
    person: Person, cookies: Mapping[str, str], session_id: UUID | str
) -> Access | None:
    """The access of a person to a session, or None."""
    session = DebugSession.objects.select_related("owner").filter(pk=session_id).first()
    if session is None:
        return None
    if person.is_authenticated and session.owner_id == person.pk:
        return Access(session, "owner")
    ids = link_ids(cookies)
    if not ids:
        return None
    link = (
        live_links()
        .select_related("created_by")
        .filter(pk__in=ids, session=session)
        .first()
    )
    return Access(session, "viewer", link) if link else None


def session_access(request: HttpRequest, session_id: UUID | str) -> Access:
    """Access to a session for reading. Raises Http404 when there is none."""
    access = access_for(request.user, request.COOKIES, session_id)
    if access is None:
        raise Http404("no such session")
    return access


def owner_access(request: HttpRequest, session_id: UUID | str) -> Access:
    """Access to a session for changing it: a viewer is told so, others get 404."""
    access = session_access(request, session_id)
    if not access.can_write:
        raise PermissionDenied("this link is read only")
    return access


def run_access(request: HttpRequest, run_id: UUID | str) -> tuple[Access, Run]:
    """A run and the access to its session. Raises Http404."""
    run = Run.objects.select_related("session", "recipe").filter(pk=run_id).first()
    if run is None:
        raise Http404("no such run")
    return session_access(request, run.session_id), run


def recipe_is_readable(request: HttpRequest, recipe: StoredRecipe) -> bool:
    """Whether a run of the person's, or one in a session shared with them, used it."""
    if runs_of(request.user).filter(recipe=recipe).exists():
        return True
    ids = link_ids(request.COOKIES)
    shared = live_links().filter(pk__in=ids, session__runs__recipe=recipe)
    return bool(ids) and shared.exists()


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
