"""What a symbol suggests, read by a real worker's limited child."""

from __future__ import annotations

import pytest

from emulator.tests.compiling import image_of
from sessions_app.forms.runs import EXAMPLE
from sessions_app.models import Run
from sessions_app.services.images import image_from_assembly, image_from_elf
from sessions_app.services.recipes import Builder, Watch, recipe_build, recipe_store
from sessions_app.services.runs import run_create
from sessions_app.symbol_lists import Symbol, matching, run_symbols
from sessions_app.tests.factories import create_session, create_user


@pytest.mark.parametrize(
    ("address", "size", "length"),
    [(0x1000, 8, 8), (0x1000, 64, 8), (0x1004, 8, 4), (0x1002, 3, 2), (0x1001, 4, 1)],
)
def test_the_longest_length_that_fits(address: int, size: int, length: int) -> None:
    assert Symbol("x", address, size, "data").length == length


def test_code_is_stopped_at_with_one_byte() -> None:
    symbol = Symbol("f", 0x1000, 64, "code")

    assert (symbol.type, symbol.length) == ("execute", 1)


def test_an_unknown_size_takes_what_the_address_allows() -> None:
    assert Symbol("x", 0x1004, 0, "").length == 4


def test_kinds_and_parts_of_names_are_matched() -> None:
    table = [Symbol("Alpha", 1, 1, "data"), Symbol("alpine", 2, 1, "code")]

    assert [s.name for s in matching(table, "ALP", "code")] == ["alpine"]


@pytest.fixture
def compiled(worker: None) -> Run:
    """A run of a C program that was uploaded."""
    image = image_from_elf(data=image_of("paced"), name="paced")
    watch = Watch("write", 8, "sample")
    stored = recipe_store(recipe_build(Builder(image, [watch], entry=image.entry)))
    return run_create(session=create_session(create_user("alice")), recipe=stored)


@pytest.fixture
def assembled(worker: None) -> Run:
    """A run of assembly text, whose labels have no type."""
    image = image_from_assembly(source=EXAMPLE, mode="user")
    stored = recipe_store(recipe_build(Builder(image, entry=image.entry)))
    return run_create(session=create_session(create_user("alice")), recipe=stored)


@pytest.mark.django_db(transaction=True)
def test_a_label_is_what_the_memory_around_it_is(assembled: Run) -> None:
    kinds = {symbol.name: symbol.kind for symbol in run_symbols(assembled)}

    assert (kinds["again"], kinds["counter"]) == ("code", "data")


@pytest.mark.django_db(transaction=True)
def test_an_uploaded_program_tells_sizes_and_types(compiled: Run) -> None:
    found = {symbol.name: symbol for symbol in run_symbols(compiled)}

    sample, start = found["sample"], found["_start"]
    assert (sample.kind, sample.size, sample.length) == ("data", 8, 8)
    assert start.kind == "code"
