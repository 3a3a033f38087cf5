"""``Authorization: Bearer <token>`` for scripts, beside the session cookie of browsers."""

from __future__ import annotations

from django.contrib.auth.models import User
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from sessions_app.models import ApiToken
from sessions_app.services.sharing import token_find
from sessions_app.token_scopes import scope_of_request


class BearerAuthentication(BaseAuthentication):
    """A token made on the tokens page or at /api/v1/tokens/."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2:
            raise exceptions.AuthenticationFailed("Bearer takes one token.")
        token = token_find(parts[1].decode("latin-1"))
        if token is None:
            raise exceptions.AuthenticationFailed(
                "This token is not known, or expired."
            )
        wanted = scope_of_request(request)
        if not token.allows(wanted):
            raise exceptions.PermissionDenied(
                f"This token is for {token.scope}; the request needs {wanted}."
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="hwbpweb"'
