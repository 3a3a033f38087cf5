"""What may be asked of a run's events: one language for the REST parameters and the page's
line (docs/query.md).

A term that makes no sense is an error that says what is allowed; it is never ignored, or
a person would believe an answer to another question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sessions_app import trace
from sessions_app.errors import BadFilter
from sessions_app.trace import Expression, Query

#: One value of a parameter is one term.
_VALUE = re.compile(r"[^\s()]+\Z|hit\(\d+\)\Z")


def parse_line(text: str, symbols: Mapping[str, int]) -> Query:
    """``kind:write addr:counter``. Raises BadFilter, which knows the character."""
    try:
        return trace.parse_query(text, symbols)
    except trace.QueryError as error:
        refused = _refused(error, "q", text[error.position :])
        refused.position = error.position
        refused.detail += f" (at character {error.position + 1})"
        raise refused from error


def parse_terms(terms: Iterable[tuple[str, str]], symbols: Mapping[str, int]) -> Query:
    """All of (field, value), as parameters give them. Raises BadFilter."""
    wanted: Query = trace.EVERYTHING
    for key, value in terms:
        if not _VALUE.match(value):
            detail = f"{key}: “{value[:80]}” is not allowed; allowed: one value"
            raise BadFilter(detail, field=key, value=value[:80])
        try:
            wanted = trace.both(wanted, trace.parse_query(f"{key}:{value}", symbols))
        except trace.QueryError as error:
            raise _refused(error, key, value) from error
    return wanted


def parse_expression(text: str, symbols: Mapping[str, int]) -> Expression:
    """An expression over what is recorded of a hit. Raises BadFilter."""
    try:
        return trace.recorded_expression(text, symbols)
    except trace.ExpressionError as error:
        refused = BadFilter(error.detail, field="expression", value=text[:80])
        refused.position = error.at - 1
        raise refused from error


def _refused(error: trace.QueryError, field: str, value: str) -> BadFilter:
    allowed = error.detail.rpartition("allowed: ")[2] or None
    return BadFilter(error.detail, field=field, value=value[:80], allowed=allowed)
