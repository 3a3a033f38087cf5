"""Answers of any length, sent as they are made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from channels.db import database_sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from sessions_app.exports import Export


def streamed(request: HttpRequest, export: Export) -> StreamingHttpResponse:
    """A file to keep. Under ASGI an ordinary iterator would be read to its end first."""
    pieces: Iterator[bytes] | AsyncIterator[bytes] = export.pieces
    if isinstance(request, ASGIRequest):
        pieces = _asynchronous(export.pieces)
    response = StreamingHttpResponse(pieces, content_type=export.content_type)
    response["Content-Disposition"] = f'attachment; filename="{export.filename}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _asynchronous(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each piece is made when the client has taken the one before."""

    def following() -> bytes | None:
        return next(pieces, None)

    while (piece := await database_sync_to_async(following)()) is not None:
        yield piece
