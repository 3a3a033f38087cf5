"""``manage.py bench stream``: starts the service and the viewers, and says what it cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.servers import ended, redis_server
from hwbpweb import up

_PROJECT = Path(__file__).resolve().parent.parent.parent
_RATE = 50_000
_SECONDS = 20.0
_QUICK, _SLOW, _PROCESSES = 95, 5, 2
_TICKS = os.sysconf("SC_CLK_TCK")
#: The start is not what is measured.
_WARM = 3.0


@dataclass(frozen=True, slots=True)
class Wish:
    """How the viewers ask."""

    name: str
    query: str


WISHES = (
    Wish("every record", "after=1:0"),
    Wish("counts when it storms", "after=1:0&storm=counts"),
    Wish("counts, acknowledged: as the page asks", "after=1:0&storm=counts&ack=1"),
)


def main() -> int:
    """The ways of asking, one after the other."""
    failed = [wish.name for wish in WISHES if not _measure(wish)]
    return 1 if failed else 0


def _measure(wish: Wish) -> bool:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis_url = stack.enter_context(redis_server())
        environ = up.environment("127.0.0.1", redis_url) | {
            "HWBPWEB_DATA": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        }
        producer = stack.enter_context(_producer(environ))
        run = json.loads(_line(producer))
        port = up.free_port("127.0.0.1", 0)
        web = stack.enter_context(_web(port, environ))
        viewers = [
            stack.enter_context(_view(port, run, wish.query, at, environ))
            for at in range(_PROCESSES)
        ]
        for viewer in viewers:
            _line(viewer)
        return _observed(wish, producer, web, viewers, run, port)


def _observed(
    wish: Wish,
    producer: subprocess.Popen[str],
    web: subprocess.Popen[str],
    viewers: list[subprocess.Popen[str]],
    run: dict[str, str],
    port: int,
) -> bool:
    assert producer.stdin is not None
    producer.stdin.write("go\n")
    producer.stdin.flush()
    time.sleep(_WARM)
    spent, began = cpu_seconds(web.pid), time.monotonic()
    time.sleep(_SECONDS - 2 * _WARM)
    percent = 100 * (cpu_seconds(web.pid) - spent) / (time.monotonic() - began)
    peak = _peak_mb(web.pid)
    stored = json.loads(_line(producer))
    told = [json.loads(_line(viewer)) for viewer in viewers]
    found = Found(wish, stored, told, percent, peak)
    found.say()
    return found.complete() and _gaps_are_stored(found, run, port)


@dataclass(frozen=True, slots=True)
class Found:
    """What all processes said."""

    wish: Wish
    stored: dict[str, Any]
    told: list[dict[str, Any]]
    web_percent: float
    web_peak: int

    @property
    def viewers(self) -> list[dict[str, Any]]:
        """All of them, one by one."""
        return [viewer for process in self.told for viewer in process["viewers"]]

    def complete(self) -> bool:
        """Whether every viewer knows of every event and every hit."""
        wrong = [
            viewer
            for viewer in self.viewers
            if viewer["wrong"]
            or not viewer["over"]
            or viewer["seq"] != self.stored["events"]
            or viewer["hits"] not in (-1, self.stored["hits"])
        ]
        for viewer in wrong[:3]:
            _say(f"wrong: {viewer}")
        return not wrong

    def say(self) -> None:
        """The table."""
        late, slow_late = (
            np.sum([process[key] for process in self.told], axis=0)
            for key in ("late", "slow_late")
        )
        quick = [v for v in self.viewers if not v["slow"]]
        slow = [v for v in self.viewers if v["slow"]]
        client = 100 * sum(p["cpu_seconds"] for p in self.told) / _SECONDS
        sent = sum(v["bytes"] for v in self.viewers) / _SECONDS / 1e6
        _say(f"\n## {self.wish.name} (`?{self.wish.query}`)\n")
        _say("| what | |\n|---|---|")
        for name, value in (
            ("viewers, of them slow", f"{len(self.viewers)}, {len(slow)}"),
            ("events a second, produced and stored", f"{self.stored['rate']:,}"),
            ("web CPU, one process", f"{self.web_percent:.1f} %"),
            ("web memory at most", f"{self.web_peak} MB"),
            ("hit to client, p50", f"{_percentile(late, 50)} ms"),
            ("hit to client, p99", f"{_percentile(late, 99)} ms"),
            ("hit to slow client, p50", f"{_percentile(slow_late, 50)} ms"),
            ("sent to all", f"{sent:.1f} MB/s"),
            ("events as counts, quick viewers", _share(quick, "counts")),
            ("events as counts, slow viewers", _share(slow, "counts")),
            ("gaps stated to quick, to slow", f"{_gaps(quick)}, {_gaps(slow)}"),
            ("producer CPU; it was late by at most", self._producer()),
            ("viewers' CPU, all processes", f"{client:.1f} %"),
            ("load of the machine, 1 minute", f"{os.getloadavg()[0]:.1f}"),
            ("every event known to every viewer", self._verdict()),
        ):
            _say(f"| {name} | {value} |")

    def _producer(self) -> str:
        return f"{self.stored['cpu']} %; {self.stored['late_ms']} ms"

    def _verdict(self) -> str:
        return "yes" if self.complete() else "NO"


def _percentile(late: Any, percent: float) -> int:
    return int(np.searchsorted(np.cumsum(late), late.sum() * percent / 100))


def _share(viewers: list[dict[str, Any]], kind: str) -> str:
    whole = sum(v["counts"] + v["records"] for v in viewers) or 1
    return f"{100 * sum(v[kind] for v in viewers) / whole:.0f} %"


def _gaps(viewers: list[dict[str, Any]]) -> int:
    return sum(len(v["gaps"]) for v in viewers)


def _gaps_are_stored(found: Found, run: dict[str, str], port: int) -> bool:
    """Ask REST for the longest stated gap, page by page."""
    gaps = [tuple(gap) for viewer in found.viewers for gap in viewer["gaps"]]
    if not gaps:
        return True
    first, count = max(gaps, key=lambda gap: gap[1])
    seqs = list(_fetched(run, port, first, count))
    filled = seqs == list(range(first, first + count))
    _say(
        f"\nThe longest gap, {count:,} events, over REST: {'all' if filled else 'NOT'}"
    )
    return filled


def _fetched(run: dict[str, str], port: int, first: int, count: int) -> Iterator[int]:
    after, last = first - 1, first + count - 1
    while after < last:
        url = f"http://127.0.0.1:{port}/api/v1/runs/{run['run']}/events/"
        request = urllib.request.Request(
            f"{url}?after={after}&limit=1000",
            headers={"Authorization": f"Bearer {run['token']}"},
        )
        with urllib.request.urlopen(request) as answer:
            rows = json.load(answer)["results"]
        if not rows:
            return
        yield from (row["seq"] for row in rows if row["seq"] <= last)
        after = rows[-1]["seq"]


def _producer(environ: dict[str, str]) -> Any:
    options = ["--rate", str(_RATE), "--seconds", str(_SECONDS)]
    return _python("bench.stream.produce", options, environ)


def _view(
    port: int, run: dict[str, str], query: str, at: int, environ: dict[str, str]
) -> Any:
    quick = _QUICK // _PROCESSES + (1 if at < _QUICK % _PROCESSES else 0)
    slow = _SLOW // _PROCESSES + (1 if at < _SLOW % _PROCESSES else 0)
    options = [
        *("--port", str(port), "--run", run["run"], "--token", run["token"]),
        *("--query", query, "--quick", str(quick), "--slow", str(slow)),
    ]
    return _python("bench.stream.view", options, environ)


def _python(module: str, options: list[str], environ: dict[str, str]) -> Any:
    return ended(
        subprocess.Popen(
            [sys.executable, "-m", module, *options],
            cwd=_PROJECT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    )


@contextmanager
def _web(port: int, environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The web process as ``up`` starts it."""
    program = up.web("127.0.0.1", port, environ)
    with ended(
        subprocess.Popen(program.command, env=environ, cwd=_PROJECT, text=True)
    ) as process:
        deadline = time.monotonic() + 30
        while not up.answers("127.0.0.1", port) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield process


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / _TICKS


def _peak_mb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) >> 10
    return 0


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended without a word")
    return line


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
