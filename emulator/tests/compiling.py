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
    return _built(SOURCES / f"{name}.c", name, compiler)


@cache
def compiled_text(name: str, text: str) -> Path:
    """The same for a program that a test writes itself."""
    source = Path(mkdtemp(prefix="source-")) / f"{name}.c"
    source.write_text(text, encoding="utf-8")
    return _built(source, name, "gcc")


def _built(source: Path, name: str, compiler: str) -> Path:
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        pytest.skip("needs a compiler for static x86-64 Linux programs")
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    target = Path(mkdtemp(prefix="compiled-")) / name
    options = ["-static", "-O2", "-g", "-no-pie"]
    subprocess.run(
        [compiler, *options, "-o", target, source], check=True, capture_output=True
    )
    return target


def image_of(name: str, compiler: str = "gcc") -> bytes:
    """The bytes of that program."""
    return compiled(name, compiler).read_bytes()
