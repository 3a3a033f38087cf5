"""The limits of a recipe hold for every kind of event, and no digest knows the time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from emulator.engine import run
from emulator.events import EventKind, Outcome
from emulator.recipe import parse
from emulator.recorder import BATCH_RECORDS, Recorder
from emulator.scenarios import load
from emulator.tests.runs.collect import Collected, run_recipe, run_scenario
from emulator.wire import Batch

LIMITS = {
    "instructions": 6_000,
    "events": 1_000,
    "memory": 64 << 20,
    "wall_ms": 60_000,
    "output": 1 << 16,
}
#: One event tree or one system call may be told to its end.
SLACK = 100
KERNEL_TEXT = 0xFFFF_FFFF_8100_0000
USER_TEXT = 0x400000
#: 1: mov %rax, %dr0; jmp 1b
DR_LOOP = bytes.fromhex("0f23c0 ebfb")
#: 1: mov $1, %eax; mov %eax, %edi; mov $USER_TEXT, %esi; mov $0x4000000, %edx;
#: syscall; jmp 1b
WRITE_LOOP = bytes.fromhex("b801000000 89c7 be00004000 ba00000004 0f05 ebeb")


class AlwaysWanted:
    """Somebody who asks for what there is at every opportunity."""

    pending = True

    def checkpoint(self, flush: Callable[[], None]) -> None:
        """Hand over."""
        flush()


def flat_run(code: bytes, load_at: int, mode: str, **limits: int) -> Collected:
    """Run these bytes as the only task."""
    sha256 = hashlib.sha256(code).hexdigest()
    image = {"name": "p", "sha256": sha256, "format": "flat", "load": hex(load_at)}
    recipe = parse(
        {
            "format": 1,
            "machine": {"cpus": 1, "memory": 32 << 20},
            "images": [image],
            "tasks": [{"name": "t", "image": "p", "mode": mode, "entry": hex(load_at)}],
            "schedule": {"quantum": 10_000},
            "limits": LIMITS | limits,
        }
    )
    return run_recipe(recipe, {sha256: code})


def test_context_switches_count_towards_the_limit_of_events() -> None:
    ran = run_scenario("watched-counter", **_crowd(), limits=LIMITS)

    assert ran.result.detail == "events limit of 1000"
    assert ran.result.events <= 1_000 + SLACK


def test_moves_to_debug_registers_count_towards_the_limit_of_events() -> None:
    ran = flat_run(DR_LOOP, KERNEL_TEXT, "kernel")

    assert ran.result.detail == "events limit of 1000"
    assert ran.result.events <= 1_000 + SLACK


def test_a_call_that_passes_the_limit_of_output_is_not_recorded_on() -> None:
    code = WRITE_LOOP.ljust(1 << 20, b"\x90")
    ran = flat_run(code, USER_TEXT, "user", output=1_000)

    assert ran.result.outcome is Outcome.limit_reached
    assert len(ran.of(EventKind.OUTPUT)) == 1


@pytest.mark.parametrize("remembers", [True, False])
def test_handing_over_early_changes_no_digest(remembers: bool) -> None:
    scenario = load("watched-counter")
    changes = {**_crowd(), "limits": LIMITS | {"events": 200_000}}
    recipe = parse(scenario.recipe.to_json() | changes)

    digests = {
        run(recipe, scenario.images, _drop, control, remembers=remembers).digest
        for control in (None, AlwaysWanted())
    }

    assert len(digests) == 1


def test_a_tree_at_the_end_of_a_batch_keeps_its_returns_in_their_records() -> None:
    batches: list[Batch] = []
    recorder = Recorder(batches.append)
    for _ in range(BATCH_RECORDS - 1):
        recorder.emit(EventKind.SYSCALL)

    root = recorder.open(EventKind.CONTEXT_SWITCH)
    recorder.emit(EventKind.DR_WRITE)
    recorder.close(root, 0, ret=-5)
    recorder.flush()

    assert recorder.seq == BATCH_RECORDS + 1


def _crowd() -> dict[str, Any]:
    """Two tasks that take turns at every instruction."""
    image = load("watched-counter").recipe.images[0].name
    tasks = [{"name": name, "image": image} for name in ("main", "second")]
    return {"tasks": tasks, "schedule": {"quantum": 1}}


def _drop(_batch: Batch) -> None:
    return None
