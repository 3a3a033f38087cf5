"""The figures of bench.workspace: stored runs and requests. Needs Django to be set up."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from bench import workspace_browser
from bench.generated import CPUS, SLOTS, batches
from bench.loop import CODE, DATA, image, recipe, run, watch
from emulator.events import RECORD_SIZE
from emulator.trace.record import Record, unpack_records
from sessions_app import selectors
from sessions_app.models import DebugSession, EventChunk, Image, Run, StoredRecipe
from sessions_app.services.chunks import ChunkWriter, chunks_merge
from sessions_app.services.marks import marks_store
from sessions_app.timeline.index import forget_marks
from sessions_app.timeline.search import forget_searches

#: Hits of the run that is not emulated.
GENERATED = 1_000_000
_TIMES = 5
_HOST = "localhost"


def table(sizes: Sequence[int]) -> Iterator[str]:
    """Lines of Markdown."""
    user = User.objects.create_user(f"bench{time.time_ns()}")
    client = Client(headers={"host": _HOST})
    client.force_login(user)
    runs = []
    for size in sizes:
        made, seconds = emulated(user, size)
        runs.append(made)
        yield f"{made.hits:,} hits, {made.events:,} events: {seconds}"
    made, seconds = generated(user, GENERATED)
    runs.append(made)
    yield f"{made.hits:,} hits, {made.events:,} events, generated: {seconds}"
    heads = " | ".join(f"{made.session.title}, ms | first" for made in runs)
    yield f"\n| request | {heads} |\n|---|{'---|' * 2 * len(runs)}"
    for words, path in requests():
        cells = [asked(client, made, path) for made in runs]
        yield f"| {words} | {' | '.join(cells)} |"
    shown = [
        workspace_browser.Shown(
            made.session.title, f"/sessions/{made.session_id}/", made.hits
        )
        for made in runs
    ]
    yield from workspace_browser.table(shown, client.cookies["sessionid"].value)


def emulated(user: User, hits: int) -> tuple[Run, str]:
    """A run as a worker leaves it, and what the parts of that took."""
    watches = [watch(DATA, "write", 8)]
    made = _begun(user, f"{hits:,} hits emulated", hits, recipe(hits, watches))
    writer = ChunkWriter(made.pk, 1)
    seconds = timed(lambda: run(hits, watches, sink=writer.add))
    return _ended(made, writer, f"emulated and stored in {seconds:.1f} s")


def generated(user: User, hits: int) -> tuple[Run, str]:
    """The same for events that bench.generated made."""
    watches = [watch(DATA + 8 * slot, "write", 8) for slot in range(SLOTS)]
    body = recipe(hits, watches)
    body["machine"]["cpus"] = CPUS
    made = _begun(user, f"{hits:,} hits generated", hits, body)
    writer = ChunkWriter(made.pk, 1)

    def write() -> None:
        for batch in batches(hits):
            writer.add(batch)
            writer.retired = int(unpack_last(batch.records).retired)

    return _ended(made, writer, f"made and stored in {timed(write):.1f} s")


def unpack_last(records: bytes) -> Record:
    """The last of many records."""
    return unpack_records(records[-RECORD_SIZE:])[0]


def _begun(user: User, title: str, hits: int, body: dict[str, Any]) -> Run:
    data = image(hits)
    Image.objects.get_or_create(
        sha256=body["images"][0]["sha256"],
        defaults={
            "data": data,
            "size": len(data),
            "kind": "flat",
            "name": "loop",
            "load": hex(CODE),
            "symbols": {},
        },
    )
    text = json.dumps(body)
    key = hashlib.sha256(text.encode()).hexdigest()
    kept, _ = StoredRecipe.objects.get_or_create(pk=key, defaults={"body": text})
    session = DebugSession.objects.create(owner=user, title=title)
    return Run.objects.create(
        session=session, number=1, recipe=kept, state="running", epoch=1
    )


def _ended(made: Run, writer: ChunkWriter, words: str) -> tuple[Run, str]:
    writer.flush()
    chunks_merge(made.pk, 1)
    marks = timed(lambda: marks_store(made.pk, 1))
    Run.objects.filter(pk=made.pk).update(
        state="finished", outcome="completed", violations=[]
    )
    made.refresh_from_db()
    size = sum(EventChunk.objects.filter(run=made).values_list("size", flat=True))
    each = size / made.events
    return made, f"{words}, marks in {marks:.2f} s, {each:.1f} bytes an event"


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def requests() -> list[tuple[str, Callable[[Run], str]]]:
    """What the page asks, in words and as a path."""
    api = "/api/v1/runs/{pk}/"
    return [
        ("timeline, whole run, 1320 columns", _path(f"{api}timeline/?width=1320")),
        ("timeline, a tenth", _path(f"{api}timeline/?width=1320&from={{a}}&to={{b}}")),
        ("timeline, 60 hits", _path(f"{api}timeline/?width=1320&from={{a}}&to={{c}}")),
        ("the hit nearest to a click", _path(f"{api}timeline/nearest/?at={{b}}&cpu=0")),
        ("200 rows in the middle", _path(f"{api}hits/found/?offset={{n}}")),
        ("filter by value, 200 rows", _path(f"{api}hits/found/?q=value>=0x100")),
        ("filter by time", _path(f"{api}hits/found/?q=t:{{a}}..{{b}}")),
        ("40 rows with verdicts", _path(f"{api}hits/found/?verdict=1&limit=40")),
        ("the session page", _path("/sessions/{session}/?hit={n}")),
        ("jump to a moment", _path("/sessions/{session}/runs/1/hits/{n}/")),
    ]


def _path(template: str) -> Callable[[Run], str]:
    def path(made: Run) -> str:
        last = int(made.retired) or 5 * made.hits
        places: dict[str, Any] = {
            "pk": made.pk,
            "session": made.session_id,
            "n": made.hits // 2,
            "a": last // 2,
            "b": last // 2 + last // 10,
            "c": last // 2 + 300,
        }
        return template.format(**places)

    return path


def asked(client: Client, made: Run, path: Callable[[Run], str]) -> str:
    """The best of several, and the first one of a process that has not seen the run."""
    forget_marks()
    forget_searches()
    for cache in (selectors.hot_block, selectors.whole_block):
        cache.cache_clear()
    times = [timed(lambda: _get(client, path(made))) for _ in range(_TIMES)]
    return f"{min(times) * 1e3:.0f} | {times[0] * 1e3:.0f}"


def _get(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
