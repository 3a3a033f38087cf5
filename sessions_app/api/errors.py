"""Errors of the API as problem+json (RFC 9457): what, which field, which value, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from sessions_app.chunkstore import BlockMissing
from sessions_app.errors import DomainError

PROBLEM = "application/problem+json"
#: Requests that change nothing, and what one bears that is done once more.
READS = ("GET", "HEAD")
READS_AGAIN = "reads_again"
_MAX_VALUE = 200
_WHOLE = "non_field_errors"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field at fault; value as sent, allowed in words or None."""

    field: str
    value: Any
    detail: str
    allowed: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As it stands in a problem's ``errors``."""
        value = self.value
        if isinstance(value, str) and len(value) > _MAX_VALUE:
            value = value[:_MAX_VALUE] + "…"
        elif not isinstance(value, str | int | float | bool | None):
            value = str(value)[:_MAX_VALUE]
        return {
            "field": self.field,
            "value": value,
            "detail": self.detail,
            "allowed": self.allowed,
        }


class InvalidFields(exceptions.APIException):
    """The request breaks rules; each field is named."""

    status_code = 422
    default_code = "invalid_fields"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(f"{e.field}: {e.detail}" for e in self.errors))


def allowed_by(field: serializers.Field[Any, Any, Any, Any]) -> str | None:
    """What a serializer field takes, in words."""
    if isinstance(field, serializers.ChoiceField):
        return ", ".join(str(choice) for choice in field.choices)
    if isinstance(field, serializers.BooleanField):
        return "true, false"
    if isinstance(field, serializers.IntegerField):
        return f"a whole number from {field.min_value} to {field.max_value}"
    if isinstance(field, serializers.CharField) and field.max_length:
        least = "" if field.allow_blank else "not empty, "
        return f"{least}at most {field.max_length} characters"
    if isinstance(field, serializers.DateTimeField):
        return "a time as in 2026-12-31T12:00:00Z"
    if isinstance(field, serializers.UUIDField | serializers.PrimaryKeyRelatedField):
        return "the id of an object that you own"
    return None


class StrictSerializer(serializers.Serializer[Any]):
    """Input of an endpoint: unknown fields are errors, and each error says what is allowed."""

    def is_valid(self, *, raise_exception: bool = False) -> bool:
        sent = self.initial_data if isinstance(self.initial_data, Mapping) else {}
        unknown = sorted(set(sent) - set(self.fields) - {"csrfmiddlewaretoken"})
        known = ", ".join(self.fields)
        problems = [
            FieldError(name, sent[name], "unknown field", known) for name in unknown
        ]
        if not super().is_valid():
            problems += list(self._problems(sent))
        if problems and raise_exception:
            raise InvalidFields(problems)
        return not problems

    def _problems(self, sent: Mapping[str, Any]) -> Iterable[FieldError]:
        for name, details in self.errors.items():
            field = self.fields.get(name)
            allowed = allowed_by(field) if field is not None else None
            where = name if field is not None else "body"
            for place, detail in _flat(where, details):
                yield FieldError(place, sent.get(name), detail, allowed)


def _flat(where: str, details: Any) -> Iterable[tuple[str, str]]:
    """Errors of a serializer inside another, each with its place: ``watches[1].at``."""
    if isinstance(details, Mapping):
        for key, inner in details.items():
            step = f"[{key}]" if isinstance(key, int) else f".{key}"
            yield from _flat(where if key == _WHOLE else where + step, inner)
    elif isinstance(details, list):
        for inner in details:
            yield from _flat(where, inner)
    else:
        yield where, str(details)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Iterable[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem+json response."""
    body: dict[str, Any] = {
        "type": f"urn:hwbpweb:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    listed = [error.to_json() for error in errors]
    if listed:
        body["errors"] = listed
    return Response(
        body, status=status, headers=dict(headers or {}), content_type=PROBLEM
    )


@csrf_exempt
def nothing_here(request: HttpRequest) -> JsonResponse:
    """What is no address of the API is a problem too, not a page."""
    told = problem(404, "not_found", "The API has no such address.")
    return JsonResponse(told.data, status=404, content_type=PROBLEM)


def _domain(error: DomainError) -> Response:
    errors = []
    if error.field:
        errors = [FieldError(error.field, error.value, error.detail, error.allowed)]
    return problem(int(error.status), error.code, error.detail, errors=errors)


def _framework(error: exceptions.APIException) -> Response:
    headers = {}
    # Views and throttles set these on the exception, outside its class.
    scheme: str | None = getattr(error, "auth_header", None)
    wait: float | None = getattr(error, "wait", None)
    if scheme:
        headers["WWW-Authenticate"] = scheme
    if wait:
        headers["Retry-After"] = str(int(wait))
    code = str(getattr(error, "default_code", "error"))
    return problem(error.status_code, code, str(error.detail), headers=headers)


def _may_have_moved(request: Request) -> bool:
    """Whether a missing block may be found when the request is done once more; who does
    that (moved_chunks) must see the error."""
    return request.method in READS and not hasattr(request._request, READS_AGAIN)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: every expected error becomes a problem; others stay 500."""
    set_rollback()
    if isinstance(error, InvalidFields):
        return problem(422, error.default_code, str(error.detail), errors=error.errors)
    if isinstance(error, BlockMissing) and _may_have_moved(context["request"]):
        return None
    if isinstance(error, DomainError):
        return _domain(error)
    if isinstance(error, Http404 | ValidationError):
        # A model refuses an id or a cursor that is none: such an object is not there.
        return problem(404, "not_found", "There is no such object, or it is not yours.")
    if isinstance(error, PermissionDenied):
        return problem(403, "permission_denied", str(error) or "Not allowed.")
    if isinstance(error, exceptions.APIException):
        return _framework(error)
    return None
