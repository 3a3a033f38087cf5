"""Sessions and the remarks in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from sessions_app.models import (
    Annotation,
    ApiToken,
    DebugSession,
    ReviewRemark,
    ShareLink,
)
from sessions_app.permissions.grants import granted, name_of, own
from sessions_app.roles import Access, Person


def sessions_of(person: Person) -> QuerySet[DebugSession]:
    """The sessions of a person and of their teams."""
    if not isinstance(person, User):
        return DebugSession.objects.none()
    return DebugSession.objects.filter(own(person)).select_related("owner", "team")


def public_sessions(person: Person) -> QuerySet[DebugSession]:
    """Those that others have made public."""
    public = DebugSession.objects.filter(visibility=DebugSession.Visibility.PUBLIC)
    if isinstance(person, User):
        public = public.exclude(pk__in=sessions_of(person).values("pk"))
    return public.select_related("owner", "team")


def access_for(
    person: Person, cookies: Mapping[str, str], session_id: UUID | str
) -> Access | None:
    """The access of a person to a session, or None."""
    sessions = DebugSession.objects.select_related("owner", "team")
    session = sessions.filter(pk=session_id).first()
    grant = session and granted(person, cookies, session)
    if session is None or not grant:
        return None
    account = person if isinstance(person, User) else None
    name = name_of(account, cookies, grant.link)
    return Access(session, grant.role, grant.link, account, name, grant.team)


def session_access(request: HttpRequest, session_id: UUID | str) -> Access:
    """Access to a session for reading. Raises Http404 when there is none."""
    access = access_for(request.user, request.COOKIES, session_id)
    if access is None:
        raise Http404("no such session")
    return access


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
