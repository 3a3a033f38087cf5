"""What parse accepts, fills in and refuses."""

from __future__ import annotations

import hashlib
import json

import pytest

from emulator.errors import RecipeError
from emulator.recipe import parse
from emulator.tests.recipe.examples import changed, full, short


def test_the_id_is_the_hash_of_the_canonical_bytes() -> None:
    recipe = parse(short())

    assert recipe.id == hashlib.sha256(recipe.canonical).hexdigest()


def test_the_id_of_a_known_recipe_does_not_change() -> None:
    # A change here breaks every stored link: it needs a new format number.
    assert (
        parse(short()).id
        == "048eb27479724fd0aa4df4fb56a2886cf41390f03fc05e03fc1beee602e91cd0"
    )


def test_canonical_bytes_have_sorted_keys_and_no_space() -> None:
    canonical = parse(full()).canonical

    again = json.dumps(
        json.loads(canonical), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert canonical == again.encode()


def test_stated_defaults_give_the_same_id_as_left_out_ones() -> None:
    stated = parse(short()).to_json()

    assert parse(stated).id == parse(short()).id


def test_parsing_the_canonical_bytes_gives_the_same_recipe() -> None:
    recipe = parse(full())

    assert parse(recipe.canonical) == recipe


def test_defaults_are_filled_in() -> None:
    task = parse(short()).to_json()["tasks"][0]

    assert task == {
        "name": "main",
        "pid": 100,
        "comm": "main",
        "image": "program",
        "cpu": 0,
        "mode": "user",
        "entry": "_start",
        "args": ["main"],
        "env": [],
        "stack": 65536,
    }


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        pytest.param("breakpoints.0.at", "counter+0x0", "counter", id="zero-offset"),
        pytest.param("breakpoints.1.at", "0x401ABC", "0x401abc", id="case"),
        pytest.param("breakpoints.1.at", "0x00401abc", "0x401abc", id="leading-zeros"),
        pytest.param("schedule.quantum", 100.0, 100, id="float"),
    ],
)
def test_two_spellings_of_one_value_give_one_id(
    path: str, one: object, other: object
) -> None:
    assert (
        parse(changed(full(), path, one)).id == parse(changed(full(), path, other)).id
    )


def test_addresses_are_ints_in_the_model() -> None:
    assert parse(full()).image("raw").symbols == {"demo_counter": 0xFFFFFFFF81001000}


def test_the_variant_carries_the_changed_switches() -> None:
    variant = parse(full()).variant

    assert (variant.switches.rf_by, variant.switches.kgdb_prio) == ("none", -7)


def test_five_breakpoints_on_one_cpu_are_no_recipe_error() -> None:
    # The kernel answers -ENOSPC; that is an event of the run.
    one = full()["breakpoints"][0]

    assert len(parse(changed(full(), "breakpoints", [one] * 5)).breakpoints) == 5


@pytest.mark.parametrize(
    ("member", "default"), [("condition", None), ("ignore", 0), ("limit", None)]
)
def test_wanting_every_hit_is_left_out_of_the_id(member: str, default: object) -> None:
    stated = changed(full(), f"breakpoints.0.{member}", default)

    assert parse(stated).id == parse(full()).id


@pytest.mark.parametrize(
    ("member", "value"), [("condition", "hits > 3"), ("ignore", 2), ("limit", 1)]
)
def test_wanting_some_hits_is_part_of_the_recipe(member: str, value: object) -> None:
    recipe = parse(changed(full(), f"breakpoints.0.{member}", value))

    assert recipe.to_json()["breakpoints"][0][member] == value
    assert recipe.breakpoints[0].is_selective


def test_a_condition_that_does_not_read_says_where() -> None:
    with pytest.raises(RecipeError) as caught:
        parse(changed(full(), "breakpoints.0.condition", "u32[4 == 1"))

    assert caught.value.detail.startswith('at character 11: expected "]"')


REFUSED = [
    ("format", 2, "format"),
    ("format", ..., "format"),
    ("limits", ..., "limits"),
    ("limits.events", ..., "limits.events"),
    ("limits.events", 0, "limits.events"),
    ("limits.events", 10_000_001, "limits.events"),
    ("limits.instructions", 100_000_000_001, "limits.instructions"),
    ("limits.wall_ms", 3_600_001, "limits.wall_ms"),
    ("limits.output", -1, "limits.output"),
    ("limits.memory", 1 << 40, "limits.memory"),
    ("limits.memory", 8 << 20, "machine.memory"),
    ("machine.cpus", 0, "machine.cpus"),
    ("machine.cpus", 9, "machine.cpus"),
    ("machine.cpus", True, "machine.cpus"),
    ("machine.cpus", "1", "machine.cpus"),
    ("machine.cpus", 1, "tasks[0].cpu"),
    ("machine.memory", (32 << 20) + 1, "machine.memory"),
    ("machine.profiles.shadow", "via", "machine.profiles.shadow"),
    ("machine.colour", "red", "machine.colour"),
    ("images", [], "images"),
    ("images.0.sha256", "AB" * 32, "images[0].sha256"),
    ("images.0.format", "elf32", "images[0].format"),
    ("images.0.load", "0x400000", "images[0].load"),
    ("images.1.load", ..., "images[1].load"),
    ("images.1.load", "0xffffffff81000001", "images[1].load"),
    ("images.1.load", "0x900000000000", "images[1].load"),
    ("images.1.load", "0x400000", "tasks[1].mode"),
    ("images.1.name", "program", "images[1].name"),
    ("images.1.symbols", {"1x": "0x0"}, "images[1].symbols"),
    ("images.1.symbols", {"x": 5}, "images[1].symbols.x"),
    ("tasks.0.image", "none", "tasks[0].image"),
    ("tasks.1.pid", 4, "tasks[1].pid"),
    ("tasks.1.name", "main", "tasks[1].name"),
    ("tasks.0.comm", "a" * 16, "tasks[0].comm"),
    ("tasks.0.args", ["a\0b"], "tasks[0].args[0]"),
    ("tasks.0.args", ["a" * 4097], "tasks[0].args[0]"),
    ("tasks.0.args", ["a" * 4096] * 17, "tasks[0].args"),
    ("tasks.0.entry", "0xgg", "tasks[0].entry"),
    ("tasks.0.stack", 5000, "tasks[0].stack"),
    ("variant.base", "z", "variant.base"),
    ("variant.set", {"speed": 1}, "variant.set.speed"),
    ("variant.set", {"rf_by": "magic"}, "variant.set.rf_by"),
    ("variant.set", {"early": 1}, "variant.set.early"),
    ("breakpoints.0.length", 3, "breakpoints[0].length"),
    ("breakpoints.0.length", 16, "breakpoints[0].length"),
    ("breakpoints.1.length", 8, "breakpoints[1].length"),
    ("breakpoints.0.at", "0x401002", "breakpoints[0].at"),
    ("breakpoints.0.at", 0x401000, "breakpoints[0].at"),
    ("breakpoints.0.at", "counter-4", "breakpoints[0].at"),
    ("breakpoints.0.type", "read", "breakpoints[0].type"),
    ("breakpoints.0.task", "none", "breakpoints[0].task"),
    ("breakpoints.0.task", ..., "breakpoints[0].task"),
    ("breakpoints.1.task", "main", "breakpoints[1].task"),
    ("breakpoints.0.condition", 5, "breakpoints[0].condition"),
    ("breakpoints.0.condition", "1 +", "breakpoints[0].condition"),
    ("breakpoints.0.condition", " " * 1001, "breakpoints[0].condition"),
    ("breakpoints.1.condition", "value == 1", "breakpoints[1].condition"),
    ("breakpoints.0.ignore", -1, "breakpoints[0].ignore"),
    ("breakpoints.0.ignore", None, "breakpoints[0].ignore"),
    ("breakpoints.0.ignore", 2**53, "breakpoints[0].ignore"),
    ("breakpoints.0.limit", 0, "breakpoints[0].limit"),
    ("breakpoints.0.limit", "1", "breakpoints[0].limit"),
    ("schedule.quantum", 0, "schedule.quantum"),
    ("schedule.quantum", 1_000_001, "schedule.quantum"),
    ("schedule.seed", 2**53, "schedule.seed"),
    ("scripts", [], "scripts"),
]


@pytest.mark.parametrize(("path", "value", "field"), REFUSED)
def test_a_wrong_value_is_refused_with_its_field(
    path: str, value: object, field: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        parse(changed(full(), path, value))

    assert caught.value.field == field


def test_an_error_names_the_value_and_what_is_allowed() -> None:
    with pytest.raises(RecipeError) as caught:
        parse(changed(full(), "breakpoints.0.length", 3))

    assert (
        caught.value.detail
        == "3 is not allowed here; allowed: 1, 2, 4, 8 for type write"
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="no-utf8"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{", id="cut"),
        pytest.param(b'{"format":NaN}', id="nan"),
        pytest.param(b'{"format":1,"format":1}', id="twice"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param(b'{"format":' + b"1" * 5000 + b"}", id="long-number"),
        pytest.param(b'{"a":"' + b"x" * (1 << 20) + b'"}', id="too-long"),
        pytest.param(b'{"format":1e999}', id="infinite"),
    ],
)
def test_text_that_is_no_recipe_is_refused(text: bytes) -> None:
    with pytest.raises(RecipeError):
        parse(text)
