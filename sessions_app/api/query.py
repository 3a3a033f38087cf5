"""Parameters of a query string: what is wrong with one is said by name."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request

from sessions_app.api.errors import FieldError, InvalidFields

_MAX_DIGITS = 16


def whole_number(request: Request, name: str, default: int, low: int, high: int) -> int:
    """A number between low and high. Raises InvalidFields."""
    text = request.query_params.get(name)
    if text is None:
        return default
    digits = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    if not digits or not low <= int(text) <= high:
        allowed = f"a whole number from {low} to {high}"
        raise InvalidFields([FieldError(name, text, "not allowed", allowed)])
    return int(text)


def run_id(request: Request, name: str) -> UUID:
    """The id of a run, which must be there. Raises InvalidFields."""
    text = request.query_params.get(name, "")
    try:
        return UUID(text)
    except ValueError as error:
        detail = "not an id" if text else "missing"
        raise InvalidFields(
            [FieldError(name, text or None, detail, "the id of a run")]
        ) from error
