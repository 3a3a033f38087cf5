"""recipe.schema.json and the parser say the same."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from emulator.errors import RecipeError
from emulator.recipe import SCHEMA_PATH, bounds, parse
from emulator.tests.recipe.examples import changed, full, short
from emulator.tests.recipe.test_parse import REFUSED
from emulator.variants import switch_names, variant_ids, variants

SCHEMA: dict[str, Any] = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

#: Rules between fields, which a schema cannot say.
BETWEEN_FIELDS = [
    ("limits.memory", 8 << 20),
    ("machine.cpus", 1),
    ("images.1.name", "program"),
    ("images.1.load", "0xffffffff81000001"),
    ("images.1.load", "0x900000000000"),
    ("images.1.load", "0x400000"),
    ("tasks.0.image", "none"),
    ("tasks.1.pid", 4),
    ("tasks.1.name", "main"),
    ("breakpoints.0.at", "0x401002"),
    ("breakpoints.0.task", "none"),
    ("breakpoints.0.condition", "1 +"),
    ("breakpoints.1.condition", "value == 1"),
]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("value", [short(), full()], ids=["short", "full"])
def test_the_schema_accepts_what_the_parser_accepts(value: dict[str, Any]) -> None:
    parse(value)

    assert VALIDATOR.is_valid(value)


@pytest.mark.parametrize("value", [short(), full()], ids=["short", "full"])
def test_the_schema_accepts_the_filled_in_form(value: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(parse(value).to_json())


@pytest.mark.parametrize(("path", "value", "field"), REFUSED)
def test_the_schema_refuses_what_the_parser_refuses(
    path: str, value: object, field: str
) -> None:
    between = (
        repr((path, value)) in map(repr, BETWEEN_FIELDS) or field == "tasks[0].args"
    )

    assert VALIDATOR.is_valid(changed(full(), path, value)) == between


@pytest.mark.parametrize(
    "section", ["machine", "task", "limits", "schedule", "profiles"]
)
def test_every_stated_default_is_the_parsers_default(section: str) -> None:
    filled = parse(short()).to_json()
    value = {
        "machine": filled["machine"],
        "profiles": filled["machine"]["profiles"],
        "task": filled["tasks"][0],
        "limits": filled["limits"],
        "schedule": filled["schedule"],
    }[section]
    properties = SCHEMA["$defs"][section]["properties"]
    stated = {k: v["default"] for k, v in properties.items() if v.get("default")}

    # Members that came later are left out while they have their default.
    kept = {k: v for k, v in stated.items() if k in value and k != "profiles"}
    assert {k: value[k] for k in kept} == kept


@pytest.mark.parametrize(
    ("section", "member"),
    [("limits", m) for m in ("instructions", "events", "memory", "wall_ms", "output")]
    + [("machine", "cpus"), ("machine", "memory"), ("schedule", "quantum")]
    + [("schedule", "seed"), ("task", "pid"), ("task", "stack")],
)
def test_the_schema_ends_where_the_parser_ends(section: str, member: str) -> None:
    bound = SCHEMA["$defs"][section]["properties"][member]
    where = {"task": "tasks.0"}.get(section, section)
    step = bound.get("multipleOf", 1)

    with pytest.raises(RecipeError) as caught:
        parse(changed(full(), f"{where}.{member}", bound["maximum"] + step))

    assert f"..{bound['maximum']}" in caught.value.detail


def test_the_schema_lists_the_shipped_variants() -> None:
    variant = SCHEMA["$defs"]["variant"]["properties"]

    short = [v.alias for v in variants().values() if v.alias]
    assert variant["base"]["enum"] == [*variant_ids(), *short]


def test_the_schema_lists_the_switches() -> None:
    variant = SCHEMA["$defs"]["variant"]["properties"]

    assert tuple(variant["set"]["properties"]) == switch_names()


def test_the_schema_states_the_number_of_entries() -> None:
    got = {k: SCHEMA["properties"][k]["maxItems"] for k in ("images", "tasks")}

    assert got == {"images": bounds.MAX_IMAGES, "tasks": bounds.MAX_TASKS}
