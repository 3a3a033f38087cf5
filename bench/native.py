"""The same loop natively: under a C tracer with ptrace, and under gdb."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

_HERE = Path(__file__).parent
_GDB = """
set pagination off
set confirm off
break main
run {count}
delete
watch watched
commands
silent
continue
end
continue
"""


class Unavailable(Exception):
    """The native side cannot be measured here; the text says why."""


def _compiled(name: str, folder: Path) -> Path:
    if shutil.which("gcc") is None:
        raise Unavailable("gcc is not installed")
    program = folder / name
    source = _HERE / f"{name}.c"
    subprocess.run(["gcc", "-O1", "-g", "-o", program, source], check=True)
    return program


def ptrace_hits_per_second(count: int) -> float:
    """Continue, wait, registers, DR6: per hit. Raises Unavailable."""
    with tempfile.TemporaryDirectory() as folder:
        program = _compiled("ptrace_watch", Path(folder))
        done = subprocess.run(
            [program, str(count)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise Unavailable(done.stderr.strip())
    return float(done.stdout)


def gdb_hits_per_second(count: int) -> float:
    """gdb's `watch` with a silent continue; its start-up is taken off. Raises
    Unavailable."""
    if shutil.which("gdb") is None:
        raise Unavailable("gdb is not installed")
    with tempfile.TemporaryDirectory() as folder:
        program = _compiled("watched_loop", Path(folder))
        short = _gdb_seconds(program, 1)
        return count / max(_gdb_seconds(program, count + 1) - short, 1e-9)


def _gdb_seconds(program: Path, count: int) -> float:
    script = program.with_suffix(".gdb")
    script.write_text(_GDB.format(count=count), encoding="utf-8")
    start = time.perf_counter()
    done = subprocess.run(
        ["gdb", "-nx", "-batch", "-x", script, program],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Hardware watchpoint" not in done.stdout:
        raise Unavailable("gdb cannot use hardware watchpoints here")
    return time.perf_counter() - start
