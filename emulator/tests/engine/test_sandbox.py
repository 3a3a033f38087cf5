"""What a child that has locked itself down can no longer do."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or importlib.util.find_spec("pyseccomp") is None,
    reason="seccomp filters need Linux and pyseccomp",
)

PROBE = """
import os, socket, sys, threading
from emulator.sandbox import lock_down
assert lock_down()
try:
    {attempt}
except OSError as error:
    os.write(1, error.strerror.encode())
else:
    os.write(1, b"allowed")
"""


def outcome(attempt: str) -> str:
    """What became of the attempt."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(attempt=attempt)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        cwd=Path(__file__).parents[3],
    )
    return done.stdout


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param("socket.socket()", id="socket"),
        pytest.param("socket.socketpair()", id="socketpair"),
        pytest.param("open('/etc/passwd')", id="open"),
        pytest.param("open('created', 'w')", id="create"),
        pytest.param("os.execv('/bin/true', ['true'])", id="exec"),
        pytest.param("os.fork()", id="fork"),
        pytest.param("os.kill(os.getppid(), 0)", id="kill"),
        pytest.param("os.unlink('README.md')", id="unlink"),
        pytest.param("os.rename('README.md', 'x')", id="rename"),
        pytest.param("os.chmod('README.md', 0o777)", id="chmod"),
        pytest.param("os.listdir('/')", id="listdir"),
        pytest.param("os.posix_spawn('/bin/true', ['true'], {})", id="spawn"),
    ],
)
def test_it_is_refused(attempt: str) -> None:
    assert outcome(attempt) == "Operation not permitted"


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param("bytearray(64 << 20)", id="memory"),
        pytest.param(
            "t = threading.Thread(target=int); t.start(); t.join()", id="thread"
        ),
        pytest.param("os.read(os.pipe()[0], 0)", id="pipe"),
    ],
)
def test_what_emulating_needs_is_allowed(attempt: str) -> None:
    assert outcome(attempt) == "allowed"
