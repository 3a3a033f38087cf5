"""Who comes in by websocket: scripts with a bearer token, browsers with cookies.

A browser says where its page is from and is let in only from our own; a script has no
page, and no cookie that somebody else's page could use.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.contrib.auth.models import AnonymousUser

from sessions_app.services.sharing import token_find

App = Callable[..., Awaitable[None]]
Scope = MutableMapping[str, Any]


def bearer_token(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The token of an Authorization header; None without one."""
    for name, value in headers:
        scheme, _, token = value.partition(b" ")
        if name.lower() == b"authorization" and scheme.lower() == b"bearer":
            return token.strip().decode("latin-1")
    return None


class SocketDoors:
    """Two ways to the same addresses."""

    def __init__(self, routes: list[Any]) -> None:
        self._inside: App = URLRouter(routes)
        self._browser: App = AllowedHostsOriginValidator(
            AuthMiddlewareStack(self._inside)
        )

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """By token when there is one; cookies are not looked at then."""
        token = bearer_token(scope["headers"])
        if token is None:
            await self._browser(scope, receive, send)
            return
        found = await database_sync_to_async(token_find)(token)
        by_token: dict[str, Any] = {
            "user": found.user if found else AnonymousUser(),
            "cookies": {},
            "token_id": found.pk if found else None,
            "token_refused": found is None,
        }
        await self._inside({**scope, **by_token}, receive, send)
