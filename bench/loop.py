"""The guest program of the target benchmarks, and running it in different settings.

A loop of five instructions that stores to one quadword and reads the next:
``mov [rdi], rcx; add rax, 1; mov rbx, [rdi+8]; dec rcx; jnz``.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

from unicorn import UC_ARCH_X86, UC_MODE_64
from unicorn import x86_const as x86
from unicorn.unicorn_py3 import Uc

from emulator import engine
from emulator.recipe import parse
from emulator.wire import Batch

CODE, DATA = 0x400000, 0x410000
STORE_END = CODE + 0x11
_SIZE = 0x11000
_QUANTUM = 100_000
INSTRUCTIONS = 5


def image(count: int) -> bytes:
    """The program: set-up, loop, exit(0)."""
    text = (
        f"48c7c1{count.to_bytes(4, 'little').hex()}"  # mov rcx, count
        f"48c7c7{DATA.to_bytes(4, 'little').hex()}"  # mov rdi, DATA
        "48890f 4883c001 488b5f08 48ffc9 75f0"
        "b83c000000 31ff 0f05"
    )
    return bytes.fromhex(text.replace(" ", "")).ljust(_SIZE, b"\0")


def _drop(batch: Batch) -> None:
    """A sink that keeps nothing."""


def recipe(
    count: int, breakpoints: list[dict[str, Any]], variant: str = "g-bare"
) -> dict[str, Any]:
    """The loop with these breakpoints."""
    sha256 = hashlib.sha256(image(count)).hexdigest()
    return {
        "format": 1,
        "machine": {"cpus": 1, "memory": 32 << 20},
        "images": [
            {"name": "loop", "sha256": sha256, "format": "flat", "load": hex(CODE)}
        ],
        "tasks": [{"name": "main", "image": "loop", "entry": hex(CODE)}],
        "variant": {"base": variant},
        "breakpoints": breakpoints,
        "schedule": {"seed": 1, "quantum": _QUANTUM},
        "limits": {
            "instructions": 10**10,
            "events": 10**7,
            "memory": 64 << 20,
            "wall_ms": 600_000,
            "output": 1 << 20,
        },
    }


def run(
    count: int,
    breakpoints: list[dict[str, Any]],
    *,
    variant: str = "g-bare",
    sink: Callable[[Batch], None] = _drop,
) -> tuple[float, int]:
    """Seconds and hits of a whole run, recorded in full; the sink decides what is kept."""
    body = recipe(count, breakpoints, variant)
    parsed = parse(json.dumps(body).encode())
    images = {body["images"][0]["sha256"]: image(count)}
    start = time.perf_counter()
    result = engine.run(parsed, images, sink)
    return time.perf_counter() - start, result.hits


def watch(address: int, kind: str, length: int) -> dict[str, Any]:
    """A breakpoint of the recipe."""
    return {
        "owner": "perf_user",
        "task": "main",
        "type": kind,
        "length": length,
        "at": hex(address),
    }


def unicorn_seconds(count: int, *, counted: bool) -> float:
    """The same loop in Unicorn alone: bare, or in slices with an instruction count."""
    uc = Uc(UC_ARCH_X86, UC_MODE_64)
    uc.ctl_set_tcg_buffer_size(32 << 20)
    uc.mem_map(CODE, 0x12000)
    uc.mem_write(CODE, image(count))
    end = CODE + 14 + 16
    start = time.perf_counter()
    if not counted:
        uc.emu_start(CODE, end)
        return time.perf_counter() - start
    at = CODE
    while at != end:
        uc.emu_start(at, end, count=_QUANTUM)
        at = uc.reg_read(x86.UC_X86_REG_RIP)
    return time.perf_counter() - start
