"""Which formats there are (docs/export.md), and a run in one of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sessions_app import trace
from sessions_app.errors import UnknownFormat
from sessions_app.exports.blocks import run_blocks
from sessions_app.exports.bundle import run_bundle
from sessions_app.models import Run
from sessions_app.run_facts import RunFacts, run_facts
from sessions_app.trace import Query

_HITS = trace.parse_query("kind:hit", {})
_BINARY = "application/octet-stream"
_LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a writer is asked for."""

    run: Run
    facts: RunFacts
    query: Query
    clock: trace.Clock
    where: str
    who: str

    @property
    def names(self) -> trace.ExportNames:
        body = json.loads(self.run.recipe.body)
        tasks = {t["pid"]: t["comm"] for t in body["tasks"] if "pid" in t}
        return trace.ExportNames(self.facts.name, tasks)

    def blocks(self, query: Query, *, skip: bool) -> Iterator[trace.Block]:
        return run_blocks(self.run, query, skip=skip)

    def marks(self) -> Iterator[Any]:
        """A timeline needs every block: windows are open between hits."""
        asked = self.query is not trace.EVERYTHING
        timeline = trace.Timeline(self.names, self.clock, all_that_pass=asked)
        return timeline.marks(self.blocks(self.query, skip=False))

    def about(self) -> dict[str, Any]:
        """Which run this is; stands in the file."""
        run = self.run
        return {
            "title": f"{run.session.title}, run {run.number}",
            "run": str(run.pk),
            "recipe": run.recipe_id,
            "kernel": self.facts.variant,
            "outcome": run.outcome,
            "digest": run.digest,
            "emulator": run.emulator_version,
            "clock": str(self.clock),
        }


def _csv(wish: _Wish) -> Iterator[bytes]:
    return trace.csv_lines(wish.blocks(_hits(wish), skip=True), wish.names)


def _ndjson(wish: _Wish) -> Iterator[bytes]:
    return trace.json_lines(wish.blocks(wish.query, skip=True), wish.names)


def _chrome(wish: _Wish) -> Iterator[bytes]:
    return trace.chrome_json(wish.marks(), wish.about())


def _perfetto(wish: _Wish) -> Iterator[bytes]:
    return trace.perfetto_trace(wish.marks(), wish.about())


def _tenet(wish: _Wish) -> Iterator[bytes]:
    hits = trace.both(_HITS, wish.query)
    return trace.tenet_lines(wish.blocks(hits, skip=True))


def _bundle(wish: _Wish) -> Iterator[bytes]:
    return run_bundle(wish.run, where=wish.where, who=wish.who)


def _hits(wish: _Wish) -> Query:
    """A table is of hits unless a query says otherwise."""
    return _HITS if wish.query is trace.EVERYTHING else wish.query


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how it is called and written."""

    name: str
    label: str
    """What a person chooses by."""
    extension: str
    content_type: str
    write: Callable[[_Wish], Iterator[bytes]]


FORMATS = {
    each.name: each
    for each in (
        Format("perfetto", "Perfetto trace", "pftrace", _BINARY, _perfetto),
        Format(
            "chrome", "Chrome trace, JSON", "trace.json", "application/json", _chrome
        ),
        Format("csv", "Hits as a table, CSV", "csv", "text/csv; charset=utf-8", _csv),
        Format("ndjson", "Events, a JSON object a line", "ndjson", _LINES, _ndjson),
        Format(
            "tenet", "Tenet, text", "tenet.log", "text/plain; charset=utf-8", _tenet
        ),
        Format("bundle", "Bundle, all of the run", "hwbp", "application/zip", _bundle),
    )
}
#: Has what only the owner sees, and is always whole.
WHOLE = "bundle"


@dataclass(frozen=True, slots=True)
class Export:
    """A file as it is sent."""

    filename: str
    content_type: str
    pieces: Iterator[bytes]


def run_export(
    run: Run,
    name: str,
    query: Query = trace.EVERYTHING,
    clock: str = "retired",
    *,
    where: str = "",
    who: str = "",
) -> Export:
    """The run in a format. Raises UnknownFormat, which names what there is. where, who:
    for a bundle, from which installation and by whom."""
    found = FORMATS.get(name)
    if found is None:
        raise UnknownFormat("format", name, FORMATS)
    if clock not in list(trace.Clock):
        raise UnknownFormat("clock", clock, list(trace.Clock))
    if name == WHOLE and query is not trace.EVERYTHING:
        raise UnknownFormat("q", "a query", ["nothing: a bundle is whole"])
    wish = _Wish(run, run_facts(run), query, trace.Clock(clock), where, who)
    filename = f"run-{str(run.pk)[:8]}.{found.extension}"
    return Export(filename, found.content_type, found.write(wish))
