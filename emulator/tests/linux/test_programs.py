"""Real programs of real compilers run to their end."""

from __future__ import annotations

import pytest

from emulator.linux import ProcessSpec
from emulator.programs import load_elf
from emulator.tests.compiling import COMPILERS, image_of
from emulator.tests.linux.flat_machine import Ended, run

SPEC = ProcessSpec(
    pid=100,
    comm="prog",
    cpu=0,
    args=("prog", "two words"),
    env=("COLOUR=amber",),
    stack=65536,
    seed=1,
)

pytestmark = pytest.mark.parametrize("compiler", COMPILERS)


def ended(name: str, compiler: str) -> Ended:
    """That program, run with SPEC."""
    return run(load_elf(image_of(name, compiler)), SPEC)


def test_a_program_ends_with_its_status(compiler: str) -> None:
    assert ended("hello", compiler).status == 7 << 8


def test_a_program_sees_arguments_environment_and_end_of_input(compiler: str) -> None:
    assert ended("hello", compiler).out.decode().splitlines() == [
        "argv[0] = prog",
        "argv[1] = two words",
        "COLOUR = amber",
        "3.143 end",
    ]


def test_standard_error_is_kept_apart(compiler: str) -> None:
    assert ended("hello", compiler).err == b"to stderr\n"


def test_the_heap_grows_moves_and_shrinks(compiler: str) -> None:
    assert ended("heap", compiler).out == b"1399500 0 0\n"


def test_no_call_of_these_programs_is_unknown(compiler: str) -> None:
    names = ("hello", "heap", "system", "counter")

    assert [ended(name, compiler).unknown for name in names] == [[]] * 4


def test_time_names_and_randomness_are_those_of_the_run(compiler: str) -> None:
    assert ended("system", compiler).out.decode().splitlines()[::2] == [
        "Linux x86_64 100",
        "1264982400",
    ]


def test_time_passes_between_two_readings(compiler: str) -> None:
    assert ended("system", compiler).out.decode().splitlines()[1].startswith("1 ")


def test_two_runs_are_the_same_to_the_last_result(compiler: str) -> None:
    assert ended("system", compiler) == ended("system", compiler)


def test_another_seed_gives_other_random_bytes(compiler: str) -> None:
    program = load_elf(image_of("system", compiler))
    other = ProcessSpec(100, "prog", 0, SPEC.args, SPEC.env, 65536, seed=2)

    assert run(program, SPEC).out != run(program, other).out


def test_abort_ends_with_its_signal(compiler: str) -> None:
    assert ended("abort", compiler).status == 6
