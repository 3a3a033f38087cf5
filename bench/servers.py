"""Servers that benchmarks start for themselves."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from hwbpweb import valkey


@contextmanager
def redis_server() -> Iterator[str]:
    """REDIS_URL of the embedded Valkey. Raises NoServer."""
    folder = valkey.socket_folder()
    try:
        with ended(subprocess.Popen(valkey.command(folder), text=True)):
            if not valkey.wait_until_ready(folder, 10):
                raise valkey.NoServer("Valkey does not start")
            yield valkey.url(folder)
    finally:
        shutil.rmtree(folder)


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """However it goes, the process does not outlive us."""
    with process:
        try:
            yield process
        finally:
            process.kill()
