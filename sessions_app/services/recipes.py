"""From what a person filled in to a recipe; from a recipe to its stored form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sessions_app import runner
from sessions_app.models import Image, StoredRecipe

_MEMORY = 32 << 20
_GUEST_MEMORY_LIMIT = 64 << 20
_OUTPUT_LIMIT = 1 << 20
_STACK = 65536
_FIRST_PID = 100
#: Owners whose breakpoints follow a task.
_OF_A_TASK = ("perf_user", "ptrace")


@dataclass(frozen=True, slots=True)
class Watch:
    """A breakpoint as it is asked for; at is a symbol, symbol+0x… or 0x…"""

    type: str
    length: int
    at: str
    owner: str = ""
    """perf_user, perf_wide, perf_cpu, ptrace or kgdb; empty: perf, as the tasks want it."""
    cpu: int | None = None
    """perf_cpu: which CPU; perf_user and ptrace: the task of which CPU, else the first."""
    slot: int | None = None
    """ptrace: the number of the debug register."""
    condition: str | None = None
    """Which hits are wanted (docs/recipe.md), as the next two."""
    ignore: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Builder:
    """The fields of the form and of POST /recipes/ with ``image``."""

    image: Image
    watches: Sequence[Watch] = ()
    variant: str = "g-bare"
    switches: dict[str, Any] = field(default_factory=dict)
    mode: str = "user"
    cpus: int = 1
    entry: str = "_start"
    args: Sequence[str] = ()
    seed: int = 1
    quantum: int = 10_000
    instructions: int = 10_000_000
    events: int = 1_000_000
    wall_ms: int = 60_000
    kgdb: bool = False
    """The kernel debugger is built in and connected."""


def recipe_build(wish: Builder) -> dict[str, Any]:
    """The recipe as JSON: one task per CPU running the image.

    A breakpoint without an owner follows the task where there is one in user mode
    (register_user_hw_breakpoint), else it is an event on every CPU
    (register_wide_hw_breakpoint). A task with a breakpoint of ptrace has a tracer.
    """
    traced = {w.cpu or 0 for w in wish.watches if w.owner == "ptrace"}
    tasks = [_task(wish, cpu, cpu in traced) for cpu in range(wish.cpus)]
    wide = wish.cpus > 1 or wish.mode == "kernel"
    recipe = {
        "format": 1,
        "machine": {"cpus": wish.cpus, "memory": _MEMORY},
        "images": [_image(wish.image)],
        "tasks": tasks,
        "variant": {"base": wish.variant, "set": wish.switches},
        "breakpoints": [
            breakpoint_json(watch, wide, _task_name(watch.cpu or 0))
            for watch in wish.watches
        ],
        "schedule": {"seed": wish.seed, "quantum": wish.quantum},
        "limits": {
            "instructions": wish.instructions,
            "events": wish.events,
            "memory": _GUEST_MEMORY_LIMIT,
            "wall_ms": wish.wall_ms,
            "output": _OUTPUT_LIMIT,
        },
    }
    return recipe | {"kgdb": {}} if wish.kgdb else recipe


def _image(image: Image) -> dict[str, Any]:
    ref: dict[str, Any] = {
        "name": "program",
        "sha256": image.sha256,
        "format": image.kind,
    }
    if image.kind == "flat":
        ref |= {"load": image.load, "symbols": image.symbols}
    return ref


def _task_name(cpu: int) -> str:
    return "main" if cpu == 0 else f"main{cpu}"


def _task(wish: Builder, cpu: int, traced: bool) -> dict[str, Any]:
    return {
        "name": _task_name(cpu),
        "pid": _FIRST_PID + cpu,
        "comm": (wish.image.name or "program")[:15],
        "image": "program",
        "cpu": cpu,
        "mode": wish.mode,
        "entry": wish.entry,
        "args": [wish.image.name or "program", *wish.args],
        "env": [],
        "stack": _STACK,
        "traced": traced,
    }


def breakpoint_json(watch: Watch, wide: bool, task: str) -> dict[str, Any]:
    """A breakpoint of a recipe. wide: perf's is an event on every CPU unless it is said
    otherwise; task: whose it is where it is a task's."""
    name = watch.owner or ("perf_wide" if wide else "perf_user")
    owner: dict[str, Any] = {"owner": name}
    if name in _OF_A_TASK:
        owner["task"] = task
    if name == "perf_cpu":
        owner["cpu"] = watch.cpu
    if name == "ptrace":
        owner["slot"] = watch.slot
    wanted = {
        "condition": watch.condition,
        "ignore": watch.ignore,
        "limit": watch.limit,
    }
    place = {"type": watch.type, "length": watch.length, "at": watch.at}
    return owner | place | wanted


def recipe_store(body: object) -> StoredRecipe:
    """Keep a recipe under its hash. Raises InvalidRecipe naming the field at fault.

    Symbols and images are checked here, so that nothing queued can fail for a typing
    error; a recipe that is already stored is the same recipe.
    """
    checked = runner.check_recipe(body)
    stored, _ = StoredRecipe.objects.get_or_create(
        pk=checked.id, defaults={"body": checked.body}
    )
    return stored
