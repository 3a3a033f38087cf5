"""The real gdb, driven in batch mode."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from sessions_app.tests.client.conftest import Client

GDB = shutil.which("gdb") or ""
needs_gdb = pytest.mark.skipif(not GDB, reason="gdb is not installed")
_QUIET = ("set confirm off", "set pagination off", "set style enabled off")


def gdb_command(target: str, *commands: str) -> list[str]:
    """gdb that connects and does as told."""
    words = [GDB, "-nx", "-q", "-batch"]
    for command in (*_QUIET, target, *commands):
        words += ["-ex", command]
    return words


def gdb(client: Client, run: str, *commands: str, seconds: float = 60) -> str:
    """What gdb prints, with what hwbp says to it."""
    target = f"target remote | {client.pipe('gdb', run)}"
    done = subprocess.run(
        gdb_command(target, *commands),
        env=client.environ,
        cwd=client.folder,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    return done.stdout + done.stderr
