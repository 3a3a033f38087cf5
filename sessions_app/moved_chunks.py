"""Reading a run while its chunks are joined: what was listed a moment ago is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from sessions_app.api.errors import READS, READS_AGAIN
from sessions_app.chunkstore import BlockMissing
from sessions_app.models import EventChunk


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
        if request.method not in READS:
            return None
        try:
            return view(request, *arguments, **named)
        except (EventChunk.DoesNotExist, BlockMissing):
            setattr(request, READS_AGAIN, True)
            return view(request, *arguments, **named)
