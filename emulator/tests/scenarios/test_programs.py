"""The user-mode programs of the scenarios do what their README tells."""

from __future__ import annotations

from emulator.linux import ProcessSpec
from emulator.programs import load_elf
from emulator.scenarios import load
from emulator.tests.linux.flat_machine import Ended, run


def ended(name: str) -> Ended:
    """The scenario's program, run without breakpoints."""
    (image,) = load(name).images.values()
    return run(load_elf(image), ProcessSpec(100, "prog", 0, ("prog",), (), 65536, 1))


def test_the_watched_counter_reports_three_times() -> None:
    assert ended("watched-counter").out == b"100 more ticks accounted\n" * 3


def test_the_stack_overwrite_reaches_what_nobody_calls() -> None:
    assert ended("stack-overwrite").err == b"nobody calls never_called\n"


def test_the_stack_overwrite_ends_with_status_one() -> None:
    assert ended("stack-overwrite").status == 1 << 8


def test_without_a_breakpoint_the_livelock_program_ends() -> None:
    assert ended("execute-without-rf").status == 0
