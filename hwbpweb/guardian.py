"""Ends process groups when the supervisor is gone, however it went. Script.

Its stdin is a pipe whose other end only the supervisor has: ``+<group>`` and
``-<group>`` lines say which groups live; the end of the pipe is the end of the
supervisor. Then every group still named gets SIGKILL and the folder of argv[1] is
removed. Standard library only; started with -I -S, so that it is there in no time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys


def main() -> None:
    """Watch until the pipe ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
