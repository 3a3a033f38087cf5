"""Compiles the C programs of the tests; what is missing on the host skips the test."""

from __future__ import annotations

import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

SOURCES = Path(__file__).parent / "c"
COMPILERS = ("gcc", "musl-gcc")


@cache
def compiled(name: str, compiler: str = "gcc") -> Path:
    """The static program made of c/<name>.c; kept for the whole test session."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        pytest.skip("needs a compiler for static x86-64 Linux programs")
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    target = Path(mkdtemp(prefix="compiled-")) / name
    subprocess.run(
        [
            compiler,
            "-static",
            "-O2",
            "-g",
            "-no-pie",
            "-o",
            target,
            SOURCES / f"{name}.c",
        ],
        check=True,
        capture_output=True,
    )
    return target


def image_of(name: str, compiler: str = "gcc") -> bytes:
    """The bytes of that program."""
    return compiled(name, compiler).read_bytes()
