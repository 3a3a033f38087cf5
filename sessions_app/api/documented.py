"""What every operation of the OpenAPI document may also answer: problems, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance, is_list_serializer
from drf_spectacular.utils import OpenApiParameter
from rest_framework.mixins import ListModelMixin

from sessions_app.api.errors import PROBLEM

_REF = {"$ref": "#/components/schemas/Problem"}
_WRITING = ("post", "put", "patch")
_METHODS = ("get", "delete", *_WRITING)

#: Of any operation.
_ALWAYS = {
    "401": "Nobody is signed in, or the token is not known.",
    "403": "Not allowed: a link that only reads, or a missing CSRF token.",
    "404": "There is no such object, or it is not the caller's.",
    "406": "The Accept header allows no format that there is.",
    "422": "A field or parameter is not allowed; `errors` names each.",
    "503": "A part of the service is away, or too busy; the request may be sent again.",
}
#: Of operations with a body.
_SENT = {
    "400": "The body cannot be read.",
    "409": "Not in the state that the object is in.",
    "413": "The body is larger than the service takes.",
    "429": "So many of the caller's runs wait or go on already (docs/operations.md).",
    "415": "The body is of a type that this operation does not read.",
}

#: GETs that have an ETag, by how their paths begin.
_RECORDED = ("/api/v1/runs/{run_pk}/", "/api/v1/recipes/{id}/")
_LIVE = ("/control/", "/timeline/")
_SAME = "It is what If-None-Match names."

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "description": "stable; for programs"},
        "detail": {"type": "string", "description": "for people"},
        "errors": {
            "type": "array",
            "description": "each field at fault",
            "items": {
                "type": "object",
                "required": ["field", "value", "detail", "allowed"],
                "properties": {
                    "field": {"type": "string"},
                    "value": {"type": ["string", "number", "boolean", "null"]},
                    "detail": {"type": "string"},
                    "allowed": {"type": ["string", "null"]},
                },
            },
        },
    },
}


_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    OpenApiParameter.HEADER,
    description="sent again with the same body within a day: the first answer again",
)


class AsDeclared(AutoSchema):
    """The framework takes any action named list for a bare list, and any list for a page
    of one. Ours that answer an object of their own (a page with a cursor in it) say so
    in extend_schema; only what the framework lists itself is as it thinks."""

    def _is_list_view(self, serializer: Any = None) -> bool:
        if isinstance(self.view, ListModelMixin) and self.method == "GET":
            return bool(super()._is_list_view(serializer))
        if serializer is None:
            serializer = self.get_response_serializers()
        if isinstance(serializer, dict) and serializer:
            by_status = {str(code): each for code, each in serializer.items()}
            serializer = by_status[min(by_status)]
        serializer = force_instance(serializer)  # type: ignore[no-untyped-call]  # theirs
        return bool(is_list_serializer(serializer))

    def get_override_parameters(self) -> list[Any]:
        """The key of a request that may be sent again."""
        told = list(super().get_override_parameters())
        if self.method == "POST" and getattr(self.view, "takes_idempotency_key", False):
            told.append(_KEY)
        return told

    def get_operation_id(self) -> str:
        """Unlike the one of the detail, though both answer one object."""
        name = str(super().get_operation_id())
        if getattr(self.view, "action", "") == "list":
            return name.removesuffix("_retrieve").removesuffix("_list") + "_list"
        return name

    def _get_paginator(self) -> Any:
        if self.method != "GET":
            return None
        return super()._get_paginator()  # type: ignore[no-untyped-call]  # theirs


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation, of all."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def document_problems(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """drf-spectacular's hook: problems beside what each operation documents itself."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = (
        PROBLEM_SCHEMA
    )
    for path, method, operation in operations(result):
        if method == "get" and path.startswith(_RECORDED) and not path.endswith(_LIVE):
            operation["responses"].setdefault("304", {"description": _SAME})
        told = _ALWAYS | (_SENT if method in _WRITING else {})
        for status, words in sorted(told.items()):
            operation["responses"].setdefault(
                status, {"description": words, "content": {PROBLEM: {"schema": _REF}}}
            )
    return result
