"""What Django and WhiteNoise leave open: one header, and files under ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

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


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise, with whole files as answers.

    Its own are streamed from a synchronous iterator, which Django under ASGI reads to the
    end in a thread before it sends anything, and warns about. Ours are small.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """The file, a part of it, or that it has not changed."""
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response
