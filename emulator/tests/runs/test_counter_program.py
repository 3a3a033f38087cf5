"""A thousand writes of a C program: a thousand hits, the same that gdb counts."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest

from emulator.events import Outcome
from emulator.recipe import parse
from emulator.tests.compiling import COMPILERS, compiled, image_of
from emulator.tests.native.expected import COUNTER_VALUES
from emulator.tests.native.gdb import watched_values
from emulator.tests.recipe.examples import short
from emulator.tests.runs.collect import Collected, run_recipe


@cache
def watched(compiler: str) -> Collected:
    """The counter program with a write watch on its counter."""
    image = image_of("counter", compiler)
    sha256 = hashlib.sha256(image).hexdigest()
    value = short() | {
        "images": [{"name": "program", "sha256": sha256, "format": "elf64"}],
        "breakpoints": [
            {
                "owner": "perf_user",
                "task": "main",
                "type": "write",
                "length": 8,
                "at": "counter",
            }
        ],
    }
    return run_recipe(parse(value), {sha256: image})


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_program_runs_to_its_end(compiler: str) -> None:
    assert watched(compiler).result.outcome is Outcome.completed


@pytest.mark.parametrize("compiler", COMPILERS)
def test_each_write_is_one_hit_with_its_value(compiler: str) -> None:
    values = [hit["value"] for hit in watched(compiler).hits()]

    assert values == COUNTER_VALUES


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_result_counts_the_hits(compiler: str) -> None:
    assert watched(compiler).result.hits == 1000


def test_gdb_counts_the_same_on_the_same_program() -> None:
    native = watched_values(compiled("counter"), "counter")

    assert [hit["value"] for hit in watched("gcc").hits()] == native
