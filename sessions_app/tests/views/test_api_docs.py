"""The pages of the API against the document that they are made from."""

from __future__ import annotations

import shlex
from html import unescape
from typing import Any

import pytest
from django.test import Client

from sessions_app.reference.operations import groups
from sessions_app.reference.schemas import fields, kind

pytestmark = pytest.mark.django_db

SCHEMAS = {
    "Run": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "state": {"allOf": [{"$ref": "#/components/schemas/State"}]},
            "like": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}},
        },
    },
    "State": {"enum": ["queued", "over", None], "type": "string"},
}


@pytest.fixture(scope="module")
def document(django_db_setup: None, django_db_blocker: Any) -> dict[str, Any]:
    with django_db_blocker.unblock():
        found: dict[str, Any] = Client().get("/api/schema/?format=json").json()
    return found


def test_every_operation_is_on_the_first_page(document: dict[str, Any]) -> None:
    page = Client().get("/api/docs/").content.decode()

    for path, methods in document["paths"].items():
        assert f">{path}</a>" in unescape(page)
        assert page.count(f">{path}</a>") == len(methods)


def test_every_operation_is_whole_on_the_page_of_its_group(
    document: dict[str, Any],
) -> None:
    for path, methods in document["paths"].items():
        name = path.split("/")[3]
        page = unescape(Client().get(f"/api/docs/{name}/").content.decode())
        for method, told in methods.items():
            assert f'data-method="{method.upper()}"' in page
            for parameter in told.get("parameters", ()):
                assert parameter["name"] in page


def test_an_unknown_group_is_not_there() -> None:
    assert Client().get("/api/docs/nothing/").status_code == 404


def test_examples_are_commands_of_a_shell() -> None:
    for group in groups().values():
        for operation in group.operations:
            words = shlex.split(operation.example)
            assert (words[0], words[-1]) == ("curl", f"$HWBP_URL{operation.path}")


def test_members_in_order_with_what_they_hold() -> None:
    found = fields({"$ref": "#/components/schemas/Run"}, SCHEMAS)

    assert [(f.name, f.kind, f.required, f.depth) for f in found] == [
        ("id", "uuid", True, 0),
        ("state", "one of queued, over", False, 0),
        ("like", "list of object", False, 0),
    ]


def test_limits_are_told_beside_the_meaning() -> None:
    schema = {
        "properties": {
            "n": {"type": "integer", "description": "How many.", "maximum": 8}
        }
    }

    assert fields(schema, {})[0].words == "How many; at most 8"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, "integer or string"),
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        ({}, "any"),
    ],
)
def test_kinds_in_words(schema: dict[str, Any], words: str) -> None:
    assert kind(schema, {}) == words
