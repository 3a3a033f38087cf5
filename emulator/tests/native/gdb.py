"""Counts watchpoint hits natively: the real gdb in batch mode on the same program."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

#: Stops at each change, prints the new value, goes on.
_SCRIPT = """
set pagination off
set confirm off
set can-use-hw-watchpoints 1
set disable-randomization on
break main
run
delete
watch {expression}
commands
silent
printf "hit %lu\\n", {expression}
continue
end
continue
"""


def watched_values(program: Path, expression: str) -> list[int]:
    """The values that gdb reports for `watch expression`, in order.

    gdb reports changes: a write of the same value is not among them. Skips the test
    where gdb cannot watch (not installed, ptrace or debug registers not allowed).
    """
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    script = program.with_suffix(".gdb")
    script.write_text(_SCRIPT.format(expression=expression), encoding="utf-8")
    done = subprocess.run(
        ["gdb", "-nx", "-batch", "-x", script, program],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "Hardware watchpoint" not in done.stdout:
        pytest.skip(f"gdb cannot use hardware watchpoints here: {done.stderr[-200:]}")
    return [int(value) for value in re.findall(r"^hit (\d+)$", done.stdout, re.M)]
