"""A child that misbehaves as its argument says. Speaks the real frames."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
import time
from pathlib import Path

from emulator.events import RECORD, EventKind
from emulator.wire import Batch, FrameType, encode_batch, pack, pack_json


def send(frame: bytes) -> None:
    os.write(1, frame)


def hit(seq: int) -> bytes:
    return RECORD.pack(seq, seq, 0, 1, 2, 3, 0, 0, EventKind.HIT, 0, 0, 0, 0)


def batch(first: int) -> bytes:
    return pack(FrameType.BATCH, encode_batch(Batch(first, first - 1, hit(first))))


def end(**changes: object) -> bytes:
    told = {"outcome": "completed", "events": 1, "hits": 1, "retired": 1}
    return pack_json(FrameType.END, told | changes)


def segfault() -> None:
    send(batch(1))
    ctypes.string_at(0)


def kill_itself() -> None:
    send(batch(1))
    os.kill(os.getpid(), 9)


def leave() -> None:
    sys.stderr.write("no more\n")
    sys.exit(7)


def spin() -> None:
    send(pack_json(FrameType.STATE, {"state": "running", "retired": 5, "hits": 0}))
    while True:
        time.sleep(1)


def pause() -> None:
    send(pack_json(FrameType.STATE, {"state": "paused", "retired": 5, "hits": 0}))
    time.sleep(0.5)
    send(batch(1) + end())


def garbage() -> None:
    os.write(1, b"\xff" * 64)
    time.sleep(5)


def skip() -> None:
    send(batch(1) + batch(3))
    time.sleep(5)


def incomplete() -> None:
    send(pack_json(FrameType.END, {"outcome": "completed"}))
    time.sleep(5)


def wrong_direction() -> None:
    send(pack(FrameType.START))
    time.sleep(5)


def mislog() -> None:
    send(pack_json(FrameType.LOGGED, {"cpu": 0, "do": "data"}))
    time.sleep(5)


def log_nonsense() -> None:
    send(
        pack_json(FrameType.LOGGED, {"cpu": 0, "retired": 1, "seq": 1, "do": "explode"})
    )
    time.sleep(5)


def refuse() -> None:
    told = {"code": "invalid_recipe", "detail": "too long", "field": "limits.events"}
    send(pack_json(FrameType.ERROR, told))


def confess() -> None:
    """Tell about the surroundings in the detail of the end."""
    seen = {
        "environ": sorted(os.environ),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "open": sorted(int(fd.name) for fd in Path("/proc/self/fd").iterdir()),
    }
    send(end(events=0, hits=0, detail=json.dumps(seen)))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
