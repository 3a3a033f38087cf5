"""A loop that increments a word so many times, in user mode or as a kernel thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.events import ConditionResult, EventKind
from emulator.recipe import Recipe, parse
from emulator.tests.engine.runs import EXIT, KERNEL_LOAD, LOAD, flat
from emulator.tests.runs.collect import Collected, run_recipe

DATA, KERNEL_DATA = LOAD + 0x1000, KERNEL_LOAD + 0x1000
#: Offset of the increment in the user's program; one byte more or less in the kernel's.
STORE, KERNEL_STORE = 10, 12
UNWANTED, WANTED = ConditionResult.unwanted, ConditionResult.wanted
IGNORED, LAST = ConditionResult.ignored, ConditionResult.last


def program(turns: int, *, kernel: bool = False) -> str:
    """mov rbx, data; mov ecx, turns; inc dword [rbx]; dec ecx; jnz; exit or hlt."""
    start, data = ("48c7c3", KERNEL_DATA) if kernel else ("bb", DATA)
    head = start + (data & 0xFFFF_FFFF).to_bytes(4, "little").hex()
    count = "b9" + turns.to_bytes(4, "little").hex()
    return head + count + "ff03 ffc9 75fa" + ("f4" if kernel else EXIT)


def recipe_of(
    *breakpoints: Mapping[str, Any],
    turns: int = 5,
    kernel: bool = False,
    tasks: int = 1,
    cpus: int = 1,
    variant: str = "g-bare",
    quantum: int = 1000,
    **sections: Any,
) -> tuple[Recipe, dict[str, bytes]]:
    """sections: more of the recipe."""
    recipe, images = flat(
        program(turns, kernel=kernel),
        kernel=kernel,
        tasks=tasks,
        cpus=cpus,
        variant={"base": variant},
        quantum=quantum,
    )
    watched = {"breakpoints": [dict(b) for b in breakpoints]}
    return parse(recipe.to_json() | watched | sections), images


def ran(*breakpoints: Mapping[str, Any], **more: Any) -> Collected:
    """Run it to its end."""
    return run_recipe(*recipe_of(*breakpoints, **more))


def bp(owner: str = "perf_user", **more: Any) -> dict[str, Any]:
    """A write breakpoint on the word."""
    place = {"task": "task0"} if owner in ("perf_user", "ptrace") else {}
    numbered = {"slot": 0} if owner == "ptrace" else {}
    found = {"owner": owner, **place, **numbered}
    return {**found, "type": "write", "length": 4, "at": "data", **more}


def judged(run: Collected) -> list[tuple[int, int, ConditionResult]]:
    """(its hits, ret, result) of each condition in order."""
    return [
        (e["value"], e["ret"], ConditionResult(e["aux"]))
        for e in run.of(EventKind.CONDITION)
    ]


def results(run: Collected) -> list[ConditionResult]:
    """What became of each hit."""
    return [result for _, _, result in judged(run)]
