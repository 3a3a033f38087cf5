"""Programs to debug, assembled in a child as the product does."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

from sessions_app.runner import Job, program_job

#: Counts for ever; ``again`` and ``counter`` are names to stop at.
ENDLESS = """
_start:
    xor %ecx, %ecx
again:
    add $1, %ecx
    mov %ecx, counter(%rip)
    jmp again
.data
counter: .quad 0
"""
#: Writes counter 1000 times and exits with 7.
COUNTED = """
_start:
    mov $1000, %ecx
again:
    addl $1, counter(%rip)
    loop again
    mov $60, %eax
    mov $7, %edi
    syscall
.data
counter: .quad 0
"""


@cache
def assembled(source: str) -> tuple[str, bytes, dict[str, int]]:
    """SHA-256, bytes, symbols."""
    answer, image = program_job({"job": "assemble", "source": source}, b"")
    symbols = {s["name"]: int(s["address"], 16) for s in answer["symbols"]}
    return str(answer["sha256"]), image, symbols


def recipe_of(sha256: str, wall_ms: int = 60_000, **more: Any) -> dict[str, Any]:
    """One task that runs the image."""
    return {
        "format": 1,
        "machine": {"cpus": 1, "memory": 32 << 20},
        "images": [{"name": "program", "sha256": sha256, "format": "elf64"}],
        "tasks": [{"name": "main", "image": "program"}],
        "breakpoints": [],
        "limits": {
            "instructions": 100_000_000_000,
            "events": 1_000_000,
            "memory": 64 << 20,
            "wall_ms": wall_ms,
            "output": 1000,
        },
    } | more


def job_of(source: str, **more: Any) -> Job:
    """Held before its first instruction. more: sections of the recipe, wall_ms."""
    sha256, image, _ = assembled(source)
    body = recipe_of(sha256, **more)
    return Job(
        json.dumps(body).encode(),
        {sha256: image},
        64 << 20,
        body["limits"]["wall_ms"],
        paused=True,
    )


def running_job_of(source: str, **more: Any) -> Job:
    """Not held."""
    return replace(job_of(source, **more), paused=False)
