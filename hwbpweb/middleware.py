"""The one header that Django does not set by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADER = "Content-Security-Policy"

Handler = (
    Callable[[HttpRequest], HttpResponse]
    | Callable[[HttpRequest], Awaitable[HttpResponse]]
)


@sync_and_async_middleware
def content_security_policy(get_response: Handler) -> Handler:
    """Nothing inline, nothing from elsewhere; a page cannot loosen it."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponse:
            response: HttpResponse = await get_response(request)
            response[_HEADER] = POLICY
            return response

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        assert isinstance(response, HttpResponse) or hasattr(response, "headers")
        response[_HEADER] = POLICY  # type: ignore[index]
        return response  # type: ignore[return-value]

    return synchronous
