"""The operations of the REST API, by what they are about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from sessions_app.reference.schemas import Field, Schemas, fields, kind, resolved

_ROOT = "/api/v1/"
_METHODS = ("get", "post", "put", "patch", "delete")
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent or comes back."""

    types: tuple[str, ...]
    kind: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a status says."""

    status: str
    words: str
    body: Body | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    anchor: str
    words: str
    is_open: bool
    """Whether it can be asked without a token: a link's cookie may do."""
    parameters: list[Field]
    body: Body | None
    answers: list[Answer]
    """Of success."""
    refusals: list[Answer]
    example: str
    """For a shell."""

    @property
    def summary(self) -> str:
        """The first sentence."""
        first = self.words.partition("\n\n")[0].replace("\n", " ")
        return first.partition(". ")[0].rstrip(".")


@dataclass(frozen=True, slots=True)
class Group:
    """The operations below one word of the address."""

    name: str
    operations: list[Operation]


@cache
def groups() -> dict[str, Group]:
    """By name, in the order of the alphabet. Making the document takes a second; it is
    the same as long as the process lives."""
    generator: Any = SchemaGenerator  # it has no types
    document = generator().get_schema(request=None, public=True)
    found: dict[str, Group] = {}
    for operation in _operations(document):
        name = operation.path.removeprefix(_ROOT).partition("/")[0]
        found.setdefault(name, Group(name, [])).operations.append(operation)
    return dict(sorted(found.items()))


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield _operation(method, path, methods[method], schemas)


def _operation(
    method: str, path: str, told: Mapping[str, Any], schemas: Schemas
) -> Operation:
    answers = [
        _answer(status, each, schemas) for status, each in told["responses"].items()
    ]
    body = _body(told.get("requestBody", {}), schemas)
    return Operation(
        method.upper(),
        path,
        f"{method}-{path.removeprefix(_ROOT).strip('/').replace('/', '-')}",
        str(told.get("description", "")).replace("``", "").strip(),
        {} in told.get("security", []),
        [_parameter(each, schemas) for each in told.get("parameters", ())],
        body,
        [each for each in answers if each.status < "400"],
        [each for each in answers if each.status >= "400"],
        _example(method, path, told.get("requestBody", {}), schemas),
    )


def _parameter(told: Mapping[str, Any], schemas: Schemas) -> Field:
    schema = told.get("schema", {})
    words = {"path": "in the address", "header": "a header", "query": ""}[told["in"]]
    meaning = "; ".join(part for part in (words, told.get("description", "")) if part)
    required = bool(told.get("required"))
    return Field(told["name"], kind(schema, schemas), required, meaning, 0)


def _answer(status: str, told: Mapping[str, Any], schemas: Schemas) -> Answer:
    return Answer(status, told.get("description", ""), _body(told, schemas))


def _body(told: Mapping[str, Any], schemas: Schemas) -> Body | None:
    content = told.get("content", {})
    if not content:
        return None
    schema = content.get(_JSON, next(iter(content.values()))).get("schema", {})
    return Body(tuple(content), kind(schema, schemas), fields(schema, schemas))


def _example(method: str, path: str, body: Mapping[str, Any], schemas: Schemas) -> str:
    words = ["curl", '-H "Authorization: Bearer $HWBP_TOKEN"']
    if method != "get":
        words.append(f"-X {method.upper()}")
    content = body.get("content", {})
    if _JSON in content:
        sent = _sent(content[_JSON].get("schema", {}), schemas)
        words += ['-H "Content-Type: application/json"', f"-d '{json.dumps(sent)}'"]
    elif content:
        words += [f'-H "Content-Type: {next(iter(content))}"', "--data-binary @FILE"]
    return " ".join([*words, f'"$HWBP_URL{path}"'])


def _sent(schema: Mapping[str, Any], schemas: Schemas) -> Any:
    """What must be there, each member as a placeholder of its type."""
    schema = resolved(schema, schemas)
    if schema.get("enum"):
        return schema["enum"][0]
    properties, required = schema.get("properties", {}), schema.get("required", ())
    if properties:
        return {name: _sent(properties[name], schemas) for name in required}
    told = schema.get("type", "string")
    name = told if isinstance(told, str) else told[0]
    return {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}.get(
        name, "…"
    )
