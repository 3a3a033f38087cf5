"""A valid recipe in its shortest and in its full form, as JSON values to change."""

from __future__ import annotations

import copy
from typing import Any

SHA = "ab" * 32

_LIMITS = {
    "instructions": 10_000_000,
    "events": 1_000_000,
    "memory": 64 << 20,
    "wall_ms": 60_000,
    "output": 1 << 20,
}

_SHORT: dict[str, Any] = {
    "format": 1,
    "machine": {"cpus": 1, "memory": 32 << 20},
    "images": [{"name": "program", "sha256": SHA, "format": "elf64"}],
    "tasks": [{"name": "main", "image": "program"}],
    "limits": _LIMITS,
}

_FULL: dict[str, Any] = {
    "format": 1,
    "machine": {
        "cpus": 2,
        "memory": 32 << 20,
        "profiles": {
            "dr6_fixed_bits": "zero",
            "shadow": "intel",
            "rep_slack": 2,
            "hypervisor": True,
        },
    },
    "images": [
        {"name": "program", "sha256": SHA, "format": "elf64"},
        {
            "name": "raw",
            "sha256": "cd" * 32,
            "format": "flat",
            "load": "0xffffffff81000000",
            "symbols": {"demo_counter": "0xffffffff81001000"},
        },
    ],
    "tasks": [
        {
            "name": "main",
            "pid": 4,
            "comm": "counter",
            "image": "program",
            "cpu": 1,
            "mode": "user",
            "entry": "_start+0x4",
            "args": ["counter", "α"],
            "env": ["A=1"],
            "stack": 131072,
        },
        {"name": "thread", "image": "raw", "mode": "kernel", "entry": "0x0"},
    ],
    "variant": {"base": "d4", "set": {"rf_by": "none", "kgdb_prio": -7}},
    "breakpoints": [
        {
            "owner": "perf_user",
            "task": "main",
            "type": "write",
            "length": 4,
            "at": "counter+0x8",
        },
        {"owner": "perf_wide", "type": "execute", "length": 1, "at": "0x401001"},
    ],
    "schedule": {"seed": 0, "quantum": 100},
    "limits": _LIMITS,
}


def short() -> dict[str, Any]:
    """A copy of the shortest valid recipe."""
    return copy.deepcopy(_SHORT)


def full() -> dict[str, Any]:
    """A copy of a recipe that states nearly every field."""
    return copy.deepcopy(_FULL)


def changed(value: dict[str, Any], path: str, new: object) -> dict[str, Any]:
    """value with the member at path ("tasks.0.pid") set to new; "…" deletes it."""
    *way, last = path.split(".")
    here: Any = value
    for step in way:
        here = here[int(step)] if isinstance(here, list) else here[step]
    key: Any = int(last) if isinstance(here, list) else last
    if new is ...:
        del here[key]
    else:
        here[key] = new
    return value
