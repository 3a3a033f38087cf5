"""Finds GNU as and ld on this host and runs them confined (see confine.py)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emulator.errors import ToolMissing
from emulator.programs import confine

PREFIXES = ("x86_64-linux-gnu-", "x86_64-elf-", "")
SEARCH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
WALL_SECONDS = 15
MAX_MESSAGES = 64 << 10

LIMITS = {
    "CPU": 5,
    "AS": 512 << 20,
    "FSIZE": 32 << 20,
    "NPROC": 1,
    "NOFILE": 32,
    "STACK": 8 << 20,
}

_LIBRARY = re.compile(r"(/\S+)(?: \(0x[0-9a-f]+\))?\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a tool ended: status as subprocess gives it, and what it said."""

    status: int
    messages: str
    timed_out: bool = False


@cache
def find(name: str) -> str:
    """The path of GNU `name` for x86-64. Raises ToolMissing."""
    for prefix in PREFIXES:
        path = shutil.which(prefix + name, path=SEARCH)
        if path and _is_gnu(path, name):
            return str(Path(path).resolve())
    raise ToolMissing(
        f"GNU {name} for x86-64 is not installed (package binutils); "
        f"upload an ELF image instead"
    )


@cache
def available() -> bool:
    """Whether this host can assemble at all."""
    try:
        return bool(find("as") and find("ld"))
    except ToolMissing:
        return False


def _is_gnu(path: str, name: str) -> bool:
    """Whether this is binutils' tool and can make x86-64 code."""
    flag = ["--help"] if name == "as" else ["-V"]
    done = subprocess.run(
        [path, *flag], capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
    )
    words = {"as": "--64", "ld": "elf_x86_64"}
    return done.returncode == 0 and words[name] in done.stdout


@cache
def _files_of(tool: str) -> tuple[str, ...]:
    """The tool, its loader and its shared libraries: all that it may read."""
    done = subprocess.run(
        # The loader lists and ends; a static tool would run, so it gets a harmless flag.
        [tool, "--version"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"LD_TRACE_LOADED_OBJECTS": "1"},
    )
    paths = {str(Path(p).resolve()) for p in _LIBRARY.findall(done.stdout)}
    cache_file = Path("/etc/ld.so.cache")
    extra = {str(cache_file)} if cache_file.exists() else set()
    return tuple(sorted({tool, *paths, *extra}))


@cache
def can_confine() -> bool:
    """Whether this kernel can keep a tool from reading other files."""
    return confine.landlock_abi() > 0


def run_confined(name: str, arguments: Sequence[str], folder: Path) -> Finished:
    """Run GNU `name` with folder as its world; its messages come back as text."""
    tool = find(name)
    landlock = can_confine()
    plan = {
        "landlock": landlock,
        "files": _files_of(tool) if landlock else [],
        "limits": LIMITS,
    }
    command = [sys.executable, "-I", "-S", confine.__file__, json.dumps(plan), tool]
    said = folder / f"{name}.messages"
    with said.open("wb") as messages:
        try:
            status = subprocess.run(
                [*command, *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
                env={},
                timeout=WALL_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return Finished(-9, "", timed_out=True)
    with said.open("rb") as messages:
        text = messages.read(MAX_MESSAGES).decode("utf-8", "replace")
    return Finished(status, text)
