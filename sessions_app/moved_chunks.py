"""Reading a run while its chunks are joined: what was listed a moment ago is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from sessions_app.chunkstore import BlockMissing
from sessions_app.models import EventChunk

_SAFE = ("GET", "HEAD")
_AGAIN = "reads_moved_chunks_again"


class MovedChunks:
    """Middleware: a read that met chunks which were joined meanwhile is done once more.

    When a run ends its chunks become full ones in one transaction, and pages ask for them
    at that very moment. Whoever lists the chunks anew finds the same events.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nothing: the view alone is done again."""
        return self._get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        arguments: Sequence[Any],
        named: Mapping[str, Any],
    ) -> HttpResponseBase | None:
        """The answer of a read; other requests go their way."""
        if request.method not in _SAFE:
            return None
        try:
            return view(request, *arguments, **named)
        except (EventChunk.DoesNotExist, BlockMissing):
            setattr(request, _AGAIN, True)
            return view(request, *arguments, **named)


def may_have_moved(request: HttpRequest) -> bool:
    """Whether a block that is missing may be found when the request is done again: who
    words errors lets that one pass."""
    return request.method in _SAFE and not hasattr(request, _AGAIN)
