"""C programs on the whole machine: paging, CPL 3, system calls, output, exit status."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest

from emulator.events import EventFlag, EventKind, Outcome
from emulator.recipe import parse
from emulator.tests.compiling import COMPILERS, image_of
from emulator.tests.recipe.examples import short
from emulator.tests.runs.collect import Collected, run_recipe

pytestmark = pytest.mark.parametrize("compiler", COMPILERS)


@cache
def ran(name: str, compiler: str) -> Collected:
    """That program without breakpoints."""
    image = image_of(name, compiler)
    sha256 = hashlib.sha256(image).hexdigest()
    task = {"name": "main", "image": "program", "comm": "prog"}
    words = {"args": ["prog", "two words"], "env": ["COLOUR=amber"]}
    value = short() | {
        "images": [{"name": "program", "sha256": sha256, "format": "elf64"}],
        "tasks": [task | words],
    }
    return run_recipe(parse(value), {sha256: image})


def test_a_program_sees_arguments_environment_and_end_of_input(compiler: str) -> None:
    assert ran("hello", compiler).output(1).decode().splitlines() == [
        "argv[0] = prog",
        "argv[1] = two words",
        "COLOUR = amber",
        "3.143 end",
    ]


def test_the_exit_status_is_kept(compiler: str) -> None:
    (end,) = ran("hello", compiler).result.tasks

    assert end.exit == 7 << 8


def test_the_heap_grows_moves_and_shrinks(compiler: str) -> None:
    assert ran("heap", compiler).output(1) == b"1399500 0 0\n"


def test_time_passes_with_instructions(compiler: str) -> None:
    assert ran("system", compiler).output(1).decode().splitlines()[1].startswith("1 ")


def test_abort_is_a_guest_fault(compiler: str) -> None:
    result = ran("abort", compiler).result

    assert (result.outcome, result.tasks[0].exit) == (Outcome.guest_fault, 6)


@pytest.mark.parametrize("name", ["hello", "heap", "system", "counter"])
def test_no_call_is_unknown(compiler: str, name: str) -> None:
    calls = ran(name, compiler).of(EventKind.SYSCALL)

    unknown = [c["value"] for c in calls if c["flags"] & EventFlag.SYSCALL_UNKNOWN]
    assert (unknown, len(calls) >= 3) == ([], True)


def test_the_same_recipe_gives_one_digest(compiler: str) -> None:
    digests = set()
    for _ in range(2):
        ran.cache_clear()
        digests.add(ran("system", compiler).result.digest)

    assert len(digests) == 1
