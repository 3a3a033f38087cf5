"""One kernel thread that increments a word a hundred times, and what a script does to it."""

from __future__ import annotations

from typing import Any

from emulator.events import Callee, EventKind
from emulator.recipe import parse
from emulator.tests.engine.runs import KERNEL_LOAD, LOAD, flat
from emulator.tests.runs.collect import Collected, run_recipe

TURNS = 100
DATA, USER_DATA = KERNEL_LOAD + 0x1000, LOAD + 0x1000
#: mov rbx, data; mov ecx, 100; inc dword [rbx]; inc dword [rbx+8]; dec ecx; jnz; hlt
LOOP = "48c7c3{data}b964000000 ff03 ff4308 ffc9 75f7 f4"
#: The first increment.
STORE = KERNEL_LOAD + 12
#: Instructions up to the end of a turn.
HEAD, TURN = 2, 4


def wide(at: int = DATA, kind: str = "write", length: int = 4, **more: Any) -> Any:
    """A perf breakpoint on all CPUs."""
    return {
        "owner": "perf_wide",
        "type": kind,
        "length": length,
        "at": hex(at),
        **more,
    }


def scripted(
    *entries: dict[str, Any],
    breakpoints: list[Any] | None = None,
    variant: str = "d4",
    kernel: bool = True,
    **sections: Any,
) -> Collected:
    """Run the loop with a script; sections: more of the recipe."""
    watched = [wide()] if breakpoints is None else breakpoints
    data = (DATA if kernel else USER_DATA) & 0xFFFF_FFFF
    program = LOOP.format(data=data.to_bytes(4, "little").hex())
    recipe, images = flat(program, kernel=kernel, variant={"base": variant})
    more = {"script": list(entries), "breakpoints": watched}
    document = recipe.to_json() | more | sections
    return run_recipe(parse(document), images)


def after(hits: int, do: str, **parameters: Any) -> dict[str, Any]:
    """An entry after so many hits."""
    return {"at": {"hit": hits}, "do": do, **parameters}


def at_first(do: str, **parameters: Any) -> dict[str, Any]:
    """An entry before the first instruction."""
    return {"at": {"start": True}, "do": do, **parameters}


def answers(run: Collected) -> list[int]:
    """What the kernel said to each entry: 0 or minus an errno."""
    return [event["ret"] for event in run.of(EventKind.ACTION)]


def calls(run: Collected, callee: Callee) -> int:
    """How often something was called."""
    return sum(event["aux"] == callee for event in run.of(EventKind.CALL))
