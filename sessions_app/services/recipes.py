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


@dataclass(frozen=True, slots=True)
class Watch:
    """A breakpoint as it is asked for; at is a symbol, symbol+0x… or 0x…"""

    type: str
    length: int
    at: str


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


def recipe_build(wish: Builder) -> dict[str, Any]:
    """The recipe as JSON: one task per CPU running the image.

    With one task in user mode the breakpoints follow the task
    (register_user_hw_breakpoint); otherwise each is an event on every CPU
    (register_wide_hw_breakpoint).
    """
    tasks = [_task(wish, cpu) for cpu in range(wish.cpus)]
    wide = wish.cpus > 1 or wish.mode == "kernel"
    return {
        "format": 1,
        "machine": {"cpus": wish.cpus, "memory": _MEMORY},
        "images": [_image(wish.image)],
        "tasks": tasks,
        "variant": {"base": wish.variant, "set": wish.switches},
        "breakpoints": [_breakpoint(watch, wide) for watch in wish.watches],
        "schedule": {"seed": wish.seed, "quantum": wish.quantum},
        "limits": {
            "instructions": wish.instructions,
            "events": wish.events,
            "memory": _GUEST_MEMORY_LIMIT,
            "wall_ms": wish.wall_ms,
            "output": _OUTPUT_LIMIT,
        },
    }


def _image(image: Image) -> dict[str, Any]:
    ref: dict[str, Any] = {
        "name": "program",
        "sha256": image.sha256,
        "format": image.kind,
    }
    if image.kind == "flat":
        ref |= {"load": image.load, "symbols": image.symbols}
    return ref


def _task(wish: Builder, cpu: int) -> dict[str, Any]:
    name = "main" if cpu == 0 else f"main{cpu}"
    return {
        "name": name,
        "pid": _FIRST_PID + cpu,
        "comm": (wish.image.name or "program")[:15],
        "image": "program",
        "cpu": cpu,
        "mode": wish.mode,
        "entry": wish.entry,
        "args": [wish.image.name or "program", *wish.args],
        "env": [],
        "stack": _STACK,
    }


def _breakpoint(watch: Watch, wide: bool) -> dict[str, Any]:
    owner: dict[str, Any] = {"owner": "perf_wide"}
    if not wide:
        owner = {"owner": "perf_user", "task": "main"}
    return owner | {"type": watch.type, "length": watch.length, "at": watch.at}


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
