"""A silent breakpoint under a stock gdb: natively, over loopback TCP, through the tunnel.

Needs a running service (HWBP_URL, HWBP_TOKEN) for the last two. Each figure is round trips
a second: stop, gdb's look at it, continue; gdb's start and the connection are taken off.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.native import Unavailable
from hwbp.config import Server, find_server
from hwbp.errors import Status, Usage
from hwbp.rest import Api
from hwbp.run import Wish, start

_HERE = Path(__file__).parent
_TRIPS = 3000
#: Natively gdb's start would be most of what is measured.
_NATIVE_TRIPS = 20_000
_ROUNDS = 3
_SETTINGS = "set pagination off\nset confirm off\nset style enabled off\n"
_SILENT = "commands\nsilent\ncontinue\nend\ncontinue\n"
_TIMEOUT = 300.0


def main() -> int:
    """Measure all three and say the ratios."""
    try:
        native = _best(_native, _NATIVE_TRIPS)
    except Unavailable as error:
        sys.stdout.write(f"native gdb: not measured ({error})\n")
        return Status.NO
    rows = [("gdb natively, `hbreak` and a silent `continue`", native)]
    server = _server()
    if server is not None:
        api = Api(server)
        rows.append(("the same over loopback TCP", _best(lambda n: _tcp(api, n))))
        rows.append(
            ("the same through `hwbp gdb`", _best(lambda n: _tunnel(api, server, n)))
        )
    sys.stdout.write("| round trips | per second | of native |\n|---|---|---|\n")
    for name, rate in rows:
        sys.stdout.write(f"| {name} | {rate:,.0f} | {rate / native:.2f} |\n")
    return Status.DONE


def _server() -> Server | None:
    """The service that is known; without one the native figure is all there is."""
    try:
        return find_server(None, None)
    except Usage as error:
        sys.stderr.write(f"{error}\n")
        return None


def _best(seconds: Callable[[int], float], trips: int = _TRIPS) -> float:
    """The best start is taken off the best run: a start that was disturbed would
    flatter the rest."""
    rounds = [(seconds(1), seconds(trips + 1)) for _ in range(_ROUNDS)]
    start, whole = (min(times) for times in zip(*rounds, strict=True))
    return trips / max(whole - start, 1e-9)


def _program(folder: Path, trips: int) -> Path:
    """The same ELF file for all three."""
    if shutil.which("gdb") is None or shutil.which("gcc") is None:
        raise Unavailable("gdb or gcc is not installed")
    program = folder / "silent_loop"
    flags = ["-O1", "-g", "-static", "-nostdlib", "-no-pie", f"-DCOUNT={trips}"]
    source = _HERE / "silent_loop.c"
    subprocess.run(["gcc", *flags, "-o", program, source], check=True)
    return program


def _gdb(program: Path, before: str) -> float:
    file = program.with_suffix(".gdb")
    file.write_text(f"{_SETTINGS}{before}hbreak {_LINE}\n{_SILENT}", encoding="utf-8")
    begun = time.perf_counter()
    done = subprocess.run(
        ["gdb", "-nx", "-batch", "-x", file, program],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT,
    )
    if "exited" not in done.stdout:
        raise Unavailable((done.stdout + done.stderr)[-400:])
    return time.perf_counter() - begun


#: The store of the loop.
_LINE = "silent_loop.c:7"


def _native(trips: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return _gdb(_program(Path(folder), trips), "starti\n")


def _tcp(api: Api, trips: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        program = _program(Path(folder), trips)
        run_id = _run(api, program)
        port = api.post(f"runs/{run_id}/listen/", {"face": "full"})
        return _gdb(program, f"target remote {port['host']}:{port['port']}\n")


def _tunnel(api: Api, server: Server, trips: int) -> float:
    # The token stays in the environment, where hwbp looks for it.
    command = f"{sys.executable} -m hwbp --url {server.url} gdb"
    with tempfile.TemporaryDirectory() as folder:
        program = _program(Path(folder), trips)
        return _gdb(program, f"target remote | {command} {_run(api, program)}\n")


def _run(api: Api, program: Path) -> str:
    """A run of the loop, held before its first instruction."""
    sha256 = hashlib.sha256(program.read_bytes()).hexdigest()
    recipe: dict[str, Any] = {
        "format": 1,
        "machine": {"cpus": 1, "memory": 32 << 20},
        "images": [{"name": "loop", "sha256": sha256, "format": "elf64"}],
        "tasks": [{"name": "main", "image": "loop"}],
        "limits": {
            "instructions": 10**8,
            "events": 10**6,
            "memory": 64 << 20,
            "wall_ms": 600_000,
            "output": 1 << 16,
        },
    }
    path = program.with_suffix(".json")
    path.write_text(json.dumps(recipe), encoding="utf-8")
    wish = Wish(str(path), images=(program,), paused=True)
    run_id: str = start(api, wish)["id"]
    while api.get(f"runs/{run_id}/")["state"] == "queued":
        time.sleep(0.02)
    return run_id
