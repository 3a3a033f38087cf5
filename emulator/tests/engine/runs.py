"""Recipes of one flat image, and ways to run them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from emulator.recipe import Recipe, parse
from emulator.tests.runs.collect import Collected, run_recipe

LOAD, KERNEL_LOAD = 0x400000, 0xFFFF_FFFF_8100_0000
EXIT = "b83c0000000f05"  # mov eax,60; syscall
ENDLESS = "ebfe"  # jmp $

_LIMITS = {
    "instructions": 200_000,
    "events": 20_000,
    "memory": 64 << 20,
    "wall_ms": 60_000,
    "output": 1 << 16,
}


def flat(
    program: str,
    *,
    kernel: bool = False,
    breakpoints: list[dict[str, Any]] | None = None,
    limits: Mapping[str, int] | None = None,
    tasks: int = 1,
    cpus: int = 1,
    variant: Mapping[str, Any] | None = None,
    quantum: int = 1000,
) -> tuple[Recipe, dict[str, bytes]]:
    """A recipe for these bytes, in pages that may be written and executed."""
    data = bytes.fromhex(program).ljust(0x2000, b"\0")
    sha256 = hashlib.sha256(data).hexdigest()
    load = KERNEL_LOAD if kernel else LOAD
    task = {
        "image": "program",
        "mode": "kernel" if kernel else "user",
        "entry": hex(load),
    }
    value = {
        "format": 1,
        "machine": {"cpus": cpus, "memory": 32 << 20},
        "images": [
            {
                "name": "program",
                "sha256": sha256,
                "format": "flat",
                "load": hex(load),
                "symbols": {"data": hex(load + 0x1000)},
            }
        ],
        "tasks": [
            {**task, "name": f"task{i}", "pid": 100 + i, "cpu": i % cpus}
            for i in range(tasks)
        ],
        "variant": dict(variant or {"base": "g-bare"}),
        "breakpoints": breakpoints or [],
        "schedule": {"seed": 1, "quantum": quantum},
        "limits": _LIMITS | dict(limits or {}),
    }
    return parse(value), {sha256: data}


def watch(at: str = "data", kind: str = "write", length: int = 4, **more: Any) -> dict:
    """A breakpoint of the first task."""
    task = {} if more.get("owner") == "perf_wide" else {"task": "task0"}
    return {
        "owner": "perf_user",
        **task,
        "type": kind,
        "length": length,
        "at": at,
        **more,
    }


def ran(program: str, **changes: Any) -> Collected:
    """Run it to its end."""
    return run_recipe(*flat(program, **changes))
