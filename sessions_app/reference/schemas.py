"""What a JSON schema of the OpenAPI document says, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]

_DEEPEST = 3
_PREFIX = "#/components/schemas/"
_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "minLength": "characters at least",
    "maxLength": "characters at most",
    "minItems": "items at least",
    "maxItems": "items at most",
    "default": "default",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A member of an object, in the order of the document; depth 0 is the object itself."""

    name: str
    kind: str
    required: bool
    words: str
    depth: int


def fields(schema: Schema, schemas: Schemas) -> list[Field]:
    """The members of a schema and, below each, those of what it holds."""
    return list(_members(schema, schemas, 0, ()))


def kind(schema: Schema, schemas: Schemas) -> str:
    """In words: ``list of string``, ``integer or null``, ``one of a, b``."""
    schema = resolved(schema, schemas)
    if "enum" in schema:
        told = ", ".join(
            str(value) for value in schema["enum"] if value not in (None, "")
        )
        return f"one of {told}"
    for either in ("oneOf", "anyOf"):
        if either in schema:
            return " or ".join(
                dict.fromkeys(kind(each, schemas) for each in schema[either])
            )
    told = schema.get("type", "any")
    names = [told] if isinstance(told, str) else list(told)
    return " or ".join(_named(name, schema, schemas) for name in names)


def _named(name: str, schema: Schema, schemas: Schemas) -> str:
    if name == "array":
        return f"list of {kind(schema.get('items', {}), schemas)}"
    return str(schema.get("format", name)) if name == "string" else name


def resolved(schema: Schema, schemas: Schemas) -> Schema:
    """Behind references and lists of one; what stands beside a reference is added."""
    while True:
        if "$ref" in schema:
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            name = str(schema["$ref"]).removeprefix(_PREFIX)
            schema = {**schemas.get(name, {}), **beside}
        elif len(schema.get("allOf", ())) == 1:
            beside = {key: value for key, value in schema.items() if key != "allOf"}
            schema = {**schema["allOf"][0], **beside}
        else:
            return schema


def _members(
    schema: Schema, schemas: Schemas, depth: int, above: tuple[str, ...]
) -> Iterator[Field]:
    holder, name = _holder(schema, schemas)
    if name and name in above:
        return  # it holds its like
    required = holder.get("required", ())
    for member, told in holder.get("properties", {}).items():
        yield Field(
            member, kind(told, schemas), member in required, _words(told), depth
        )
        if depth < _DEEPEST:
            yield from _members(told, schemas, depth + 1, (*above, name))


def _holder(schema: Schema, schemas: Schemas) -> tuple[Schema, str]:
    """The object of which members are told: itself, or what a list or a map holds."""
    name = str(schema.get("$ref", "")).removeprefix(_PREFIX)
    schema = resolved(schema, schemas)
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, Mapping) and inner:
            return _holder(inner, schemas)
    choices = schema.get("oneOf") or schema.get("anyOf") or ()
    objects = [each for each in choices if "properties" in resolved(each, schemas)]
    return _holder(objects[0], schemas) if objects else (schema, name)


def _words(schema: Schema) -> str:
    limits = [
        f"{words} {schema[key]}" for key, words in _LIMITS.items() if key in schema
    ]
    told = [str(schema.get("description", "")).strip().rstrip("."), *limits]
    return "; ".join(part for part in told if part)
