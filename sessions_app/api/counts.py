"""What passes a query, counted or evaluated: the words of events/count/ and hits/values/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from sessions_app import trace
from sessions_app.api.errors import FieldError, InvalidFields
from sessions_app.filters import parse_expression, parse_line, parse_terms
from sessions_app.models import Run
from sessions_app.queries import (
    Counted,
    by_column,
    by_expression,
    by_served,
    count_by,
    hit_values,
)
from sessions_app.run_facts import RunFacts, run_facts
from sessions_app.trace import Expression, Query

_COLUMNS = ("rip", "addr", "value", "slot", "cpu", "task", "kind")
_OF_HITS = ("verdict", "expression")
KEYS = ("kind", "slot", "cpu", "addr", "rip", "t")
_EXAMPLE = "an expression, as in rdi & 0xff (docs/expressions.md)"

BY = OpenApiParameter(
    "by",
    OpenApiTypes.STR,
    description=f"{', '.join(_COLUMNS)}; of hits also {', '.join(_OF_HITS)}",
)
EXPRESSION = OpenApiParameter(
    "expression", OpenApiTypes.STR, description=f"{_EXAMPLE}, at the entry of each hit"
)


class CountOut(serializers.Serializer[Any]):
    """How often one value occurs."""

    value = serializers.CharField(help_text="a number, or 0x… for addresses and values")
    name = serializers.CharField(
        required=False, help_text="symbol+offset, the kind, or whom hits went to"
    )
    count = serializers.IntegerField()


class CountsOut(serializers.Serializer[Any]):
    """Most often first, up to 200 values."""

    total = serializers.IntegerField()
    complete = serializers.BooleanField(help_text="false: the run was too long")
    results = CountOut(many=True)


class ValueOut(serializers.Serializer[Any]):
    """An expression at a hit."""

    hit_no = serializers.IntegerField()
    seq = serializers.IntegerField()
    value = serializers.CharField(
        allow_null=True, help_text="0x…; null: not recorded, or a division by zero"
    )


class ValuePageOut(serializers.Serializer[dict[str, Any]]):
    """A page; ``next`` is the cursor for ``after``."""

    next = serializers.IntegerField(allow_null=True)
    results = ValueOut(many=True)


def query_of(request: Request, run: Run) -> Query:
    """What the parameters of a request let through. Raises BadFilter."""
    given = request.query_params
    terms = [(key, given[key]) for key in KEYS if key in given]
    if not terms and "q" not in given:
        return trace.EVERYTHING
    symbols = run_facts(run).table
    return trace.both(
        parse_terms(terms, symbols), parse_line(given.get("q", ""), symbols)
    )


def _expression(request: Request, run: Run) -> Expression:
    text = request.query_params.get("expression", "")
    if not text.strip():
        raise InvalidFields([FieldError("expression", text, "is empty", _EXAMPLE)])
    return parse_expression(text, run_facts(run).table)


def _counted(request: Request, run: Run, by: str, *, hits_only: bool) -> Counted:
    if by in _COLUMNS:
        return by_column(by)
    if by == "verdict" and hits_only:
        return by_served
    if by == "expression" and hits_only:
        return by_expression(_expression(request, run))
    allowed = ", ".join((*_COLUMNS, *(_OF_HITS if hits_only else ())))
    raise InvalidFields([FieldError("by", by, "not allowed", allowed)])


def counts_json(request: Request, run: Run, *, hits_only: bool) -> dict[str, Any]:
    """What passes, counted by ``by``. Raises InvalidFields, BadFilter."""
    by = request.query_params.get("by", "")
    counted = _counted(request, run, by, hits_only=hits_only)
    counts = count_by(run, query_of(request, run), counted, hits_only=hits_only)
    facts = run_facts(run)
    rows = [_row(facts, by, value, often) for value, often in counts.values]
    return {"total": counts.total, "complete": counts.complete, "results": rows}


def _row(facts: RunFacts, by: str, value: int, often: int) -> dict[str, Any]:
    row: dict[str, Any] = {"value": value, "count": often}
    if by in ("rip", "addr", "value", "expression"):
        row["value"] = f"{value:#x}"
    name = _NAMES.get(by)
    if name is not None:
        row["name"] = name(facts, value)
    return row


_NAMES: dict[str, Callable[[RunFacts, int], str]] = {
    "rip": lambda facts, value: facts.symbols.name(value),
    "addr": lambda facts, value: facts.symbols.name(value),
    "kind": lambda facts, value: trace.kind_name(value),
    "verdict": lambda facts, value: trace.served_in_words(value),
}


def values_json(request: Request, run: Run, after: int, limit: int) -> dict[str, Any]:
    """An expression at each hit that passes. Raises InvalidFields, BadFilter."""
    expression = _expression(request, run)
    told, cursor = hit_values(run, query_of(request, run), expression, after, limit)
    rows = [
        {
            "hit_no": number,
            "seq": seq,
            "value": None if value is None else f"{value:#x}",
        }
        for number, seq, value in told
    ]
    return {"next": cursor, "results": rows}
