"""The job that reads memory as of an event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.memory_job import MAX_LENGTH, handle
from emulator.tests.engine.runs import EXIT, LOAD, flat, watch

DATA = LOAD + 0x1000
#: mov dword [data], 0x11223344; exit
STORES = "c70425" + DATA.to_bytes(4, "little").hex() + "44332211" + EXIT


def ask(**fields: Any) -> tuple[dict[str, Any], bytes]:
    recipe, images = flat(STORES, breakpoints=[watch()])
    (image,) = images.values()
    request: dict[str, Any] = {
        "job": "memory",
        "recipe": recipe.to_json(),
        "images": [len(image)],
        "seq": 1_000_000,
        "task": 100,
        "address": hex(DATA),
        "length": 8,
    }
    answer, data = handle(json.loads(json.dumps(request | fields)), image)
    return answer, data


def test_the_bytes_are_those_after_the_store() -> None:
    answer, data = ask()

    assert (answer["ok"], answer["pieces"]) == (True, [[hex(DATA), 8]])
    assert data == bytes.fromhex("44332211 00000000")


def test_before_the_store_they_are_the_images() -> None:
    _, data = ask(seq=0)

    assert data == bytes(8)


def test_what_is_not_mapped_is_left_out() -> None:
    answer, data = ask(address=hex(LOAD - 8), length=16)

    assert answer["pieces"] == [[hex(LOAD), 8]]
    assert data == bytes.fromhex(STORES)[:8]


def test_nothing_mapped_is_no_piece() -> None:
    answer, data = ask(address="0x10")

    assert (answer["ok"], answer["pieces"], data) == (True, [], b"")


def test_the_end_of_the_address_space_is_the_end() -> None:
    answer, _ = ask(address="0xfffffffffffffffc", length=64)

    assert (answer["ok"], answer["pieces"]) == (True, [])


def test_the_maps_tell_where_something_is() -> None:
    answer, _ = ask()

    assert [hex(LOAD), hex(LOAD + 0x2000), "rwx"] in answer["maps"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"seq": -1}, "seq"),
        ({"seq": "7"}, "seq"),
        ({"seq": True}, "seq"),
        ({"length": MAX_LENGTH + 1}, "length"),
        ({"address": "nowhere"}, "address"),
        ({"address": "0x10000000000000000"}, "address"),
        ({"task": None}, "task"),
        ({"recipe": []}, "recipe"),
        ({"images": []}, "images"),
        ({"images": [-1]}, "images"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, Any], field: str) -> None:
    answer, data = ask(**wrong)

    assert (answer["ok"], answer["error"]["field"], data) == (False, field, b"")


def test_an_image_that_is_not_the_recipes_is_refused() -> None:
    answer, _ = ask(images=[16])

    assert (answer["ok"], answer["error"]["field"]) == (False, "images[0]")
