"""C programs with debug information for gdb, and recipes that run them."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from emulator.recipe import Recipe, parse
from emulator.tests.debugger.live import GDB

SOURCES = Path(__file__).parent
needs_gdb = pytest.mark.skipif(
    not Path(GDB).exists()
    or shutil.which("gcc") is None
    or platform.machine() != "x86_64",
    reason="gdb or gcc is not installed",
)


#: Enough for a loop to run until somebody interrupts it.
MANY = {
    "instructions": 4_000_000_000,
    "events": 1_000_000,
    "memory": 32 << 20,
    "wall_ms": 60_000,
    "output": 65536,
}
#: A kernel thread has no C library, and its code is where the kernel's is.
_KERNEL = [
    "-nostdlib",
    "-fno-pic",
    "-mcmodel=kernel",
    "-mno-red-zone",
    "-fno-stack-protector",
    "-fcf-protection=none",
    "-Wl,-Ttext-segment=0xffffffff81000000",
]


@cache
def built(name: str, *, kernel: bool = False) -> Path:
    """The static program of <name>.c, unoptimised, with DWARF."""
    target = Path(mkdtemp(prefix="debugged-")) / name
    command = ["gcc", "-g", "-O0", "-static", "-no-pie", "-o", str(target)]
    command += _KERNEL if kernel else []
    subprocess.run([*command, f"{name}.c"], cwd=SOURCES, check=True)
    return target


def recipe_of(
    name: str, *, kernel: bool = False, **more: Any
) -> tuple[Recipe, dict[str, bytes]]:
    """The program on one CPU; more: sections of the recipe."""
    data = built(name, kernel=kernel).read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    document = {
        "format": 1,
        "machine": {"cpus": 1, "memory": 32 << 20},
        "images": [{"name": "program", "sha256": sha256, "format": "elf64"}],
        "tasks": [{"name": "main", "image": "program"}],
        "limits": {
            "instructions": 10_000_000,
            "events": 1_000_000,
            "memory": 32 << 20,
            "wall_ms": 60_000,
            "output": 65536,
        },
        **more,
    }
    return parse(document), {sha256: data}
