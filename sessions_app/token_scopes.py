"""How far a token must reach for a request over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from sessions_app.models import ApiToken

#: What hands out access, or touches a machine, needs more of a token than writing.
_CONTROLS = frozenset(
    f"api:{name}"
    for name in (
        *("control-list", "listen-list", "run-pause", "run-resume", "run-park"),
        *("share-link-list", "review-link-list"),
        *("token-list", "token-detail"),
        *("webhook-list", "webhook-detail"),
        *("team-list", "team-detail", "team-invitations"),
        *("member-list", "member-detail"),
    )
)


def scope_of_request(request: HttpRequest) -> str:
    """What a token must reach for a request over REST."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return ApiToken.Scope.READ
    match = request.resolver_match
    controls = match is not None and match.view_name in _CONTROLS
    return ApiToken.Scope.CONTROL if controls else ApiToken.Scope.WRITE


def check_hands_out(request: HttpRequest, changes: Mapping[str, Any]) -> None:
    """Raises PermissionDenied for a token that may write but not hand out access, where
    the changes of a session or review are about who may see it."""
    token = getattr(request, "auth", None)
    wanted = ApiToken.Scope.CONTROL
    handed = sorted({"visibility", "team"} & set(changes))
    if handed and isinstance(token, ApiToken) and not token.allows(wanted):
        raise PermissionDenied(
            f"This token is for {token.scope}; {handed[0]} needs {wanted}."
        )
