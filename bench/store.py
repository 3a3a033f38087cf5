"""``manage.py bench store``: bytes of an event, and how fast events are written and read.

Sizes are of the five largest runs of the scenario library. The write path is measured
against plain rows of the ORM in one run, on SQLite and, where initdb is, on PostgreSQL:
each database in a process of its own, because Django has one for its life.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.loop import DATA, run, watch
from emulator import engine
from emulator.events import EventKind
from emulator.scenarios import list_scenarios
from emulator.snapshot import SNAPSHOT_SIZE
from emulator.trace.codec import CHUNK_EVENTS, Chunk, encode_chunk
from emulator.trace.dtype import RECORD_DTYPE
from emulator.trace.export.block import Block, Names
from emulator.trace.export.chrome import chrome_json
from emulator.trace.export.perfetto import perfetto_trace
from emulator.trace.export.rows import csv_lines, json_lines
from emulator.trace.export.timeline import Clock, Mark, Timeline
from emulator.wire import Batch, encode_texts

_LARGEST = 5
_HITS = 30_000


class Collected:
    """Everything that a run said, as one piece."""

    def __init__(self) -> None:
        self.records = bytearray()
        self.snapshots = bytearray()
        self.texts: list[tuple[int, int, bytes]] = []
        self.batches: list[Batch] = []

    def take(self, batch: Batch) -> None:
        """The sink."""
        self.records += batch.records
        self.snapshots += batch.snapshots
        self.texts += batch.texts
        self.batches.append(batch)

    @property
    def events(self) -> int:
        """How many."""
        return len(self.records) // 64

    @property
    def raw(self) -> int:
        """Bytes, uncompressed."""
        return len(self.records) + len(self.snapshots) + len(encode_texts(self.texts))

    def chunks(self) -> Iterator[Chunk]:
        """As they are stored."""
        words = np.frombuffer(self.snapshots, "<u8").reshape(-1, SNAPSHOT_SIZE // 8)
        for at in range(0, self.events, CHUNK_EVENTS):
            first, last = at + 1, at + CHUNK_EVENTS
            own = words[(words[:, 0] >= first) & (words[:, 0] <= last)]
            yield encode_chunk(
                bytes(self.records[64 * at : 64 * last]),
                own.tobytes(),
                [t for t in self.texts if first <= t[0] <= last],
            )


def main() -> int:
    """Print the tables in Markdown."""
    _sizes()
    _say(
        "\n| database | write path | events/s | against ORM rows | bytes an event |"
        "\n|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory(prefix="hwbp-bench-") as name:
        folder = Path(name)
        _written("SQLite", f"sqlite:///{folder / 'bench.sqlite3'}", folder)
        with _postgresql() as url:
            if url:
                _written("PostgreSQL", url, folder)
            else:
                _say("| PostgreSQL | initdb is not installed | | | |")
    _exports()
    return 0


def _exports() -> None:
    """The formats of docs/export.md, from decoded blocks to bytes."""
    found = collected(_HITS)
    hits = 0
    blocks = []
    for batch in found.batches:
        records = np.frombuffer(batch.records, RECORD_DTYPE)
        is_hit = records["kind"] == EventKind.HIT
        blocks.append(Block(records, is_hit, hits + np.cumsum(is_hit)))
        hits += int(is_hit.sum())

    def marks() -> Iterator[Mark]:
        return Timeline(Names(), Clock.RETIRED, all_that_pass=False).marks(blocks)

    _say("\n| export of hits | hits/s | bytes a hit |\n|---|---|---|")
    for name, pieces in (
        ("perfetto", lambda: perfetto_trace(marks(), {})),
        ("chrome", lambda: chrome_json(marks(), {})),
        ("csv", lambda: csv_lines(blocks, Names())),
        ("ndjson", lambda: json_lines(blocks, Names())),
    ):
        start = time.perf_counter()
        size = sum(map(len, pieces()))
        rate = hits / (time.perf_counter() - start)
        _say(f"| {name} | {rate:,.0f} | {size / hits:.0f} |")


def _sizes() -> None:
    _say(
        "| run | events | hits | snapshots | bytes an event, hot + cold + side | raw |"
        "\n|---|---|---|---|---|---|"
    )
    runs = sorted(_library(), key=lambda pair: -pair[1].events)[:_LARGEST]
    runs.append((f"a loop of {_HITS:,} hits", collected(_HITS), _HITS))
    for name, found, hits in runs:
        parts = [0, 0, 0]
        for chunk in found.chunks():
            for index, block in enumerate((chunk.hot, chunk.cold, chunk.side)):
                parts[index] += len(block)
        each = [part / found.events for part in parts]
        told = " + ".join(f"{part:.2f}" for part in each)
        shots = len(found.snapshots) // SNAPSHOT_SIZE
        _say(
            f"| {name} | {found.events:,} | {hits:,} | {shots:,} "
            f"| **{sum(each):.2f}** ({told}) | {found.raw / found.events:.0f} |"
        )


def _library() -> Iterator[tuple[str, Collected, int]]:
    for scenario in list_scenarios():
        recipes = {f"{scenario.id}: {v.label}": v.recipe for v in scenario.versions}
        for name, recipe in (recipes or {scenario.id: scenario.recipe}).items():
            found = Collected()
            result = engine.run(recipe, scenario.images, found.take)
            yield name, found, result.hits


#: Models exist only after setup.
_WRITES = """
import django, sys
django.setup()
from bench.store_writes import main
main(int(sys.argv[1]))
"""


def _written(database: str, url: str, folder: Path) -> None:
    environ = os.environ | {
        "DATABASE_URL": url,
        "HWBPWEB_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "hwbpweb.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", _WRITES, str(_HITS)],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    rows = told["ORM rows, bulk_create"]["rate"]
    for what, figures in told.items():
        rate, size = figures["rate"], figures["size"]
        _say(f"| {database} | {what} | {rate:,.0f} | {rate / rows:.1f}x | {size:.1f} |")


@contextmanager
def _postgresql() -> Iterator[str]:
    """A cluster for these minutes; an empty address where there is no PostgreSQL."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") or (versions[-1] if versions else None)
    if found is None:
        yield ""
        return
    binaries = Path(found).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="hwbp-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    _as_server([binaries / "initdb", "-D", data, "-A", "trust", "-U", "hwbp"], folder)
    control: list[str | Path] = [binaries / "pg_ctl", "-D", data, "-w"]
    options = f"-c listen_addresses='' -k {folder}"
    _as_server([*control, "-l", folder / "log", "-o", options, "start"], folder)
    try:
        yield f"postgres://hwbp@{str(folder).replace('/', '%2F')}/postgres"
    finally:
        _as_server([*control, "-m", "immediate", "stop"], folder)
        shutil.rmtree(folder)


def _as_server(command: list[str | Path], folder: Path) -> None:
    """PostgreSQL refuses to run as root; its package brings a user."""
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(
        command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL
    )


def collected(hits: int) -> Collected:
    """A really emulated run of the loop, as batches."""
    found = Collected()
    run(hits, [watch(DATA, "write", 8)], sink=found.take)
    return found


def timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds."""
    start = clock()
    work()
    return clock() - start


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
