"""Runs a recipe and keeps what came out, decoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.engine import RunResult, run
from emulator.events import FIELDS, RECORD, EventKind
from emulator.recipe import Recipe, parse
from emulator.scenarios import load
from emulator.wire import Batch

Event = dict[str, int]


@dataclass
class Collected:
    """The result and all events of a run."""

    result: RunResult
    events: list[Event]
    texts: list[tuple[int, int, bytes]]

    def of(self, kind: EventKind) -> list[Event]:
        """The events of this kind in order."""
        return [event for event in self.events if event["kind"] == kind]

    def hits(self, slot: int | None = None) -> list[Event]:
        """The hits, of one slot or of all."""
        found = self.of(EventKind.HIT)
        return [hit for hit in found if slot is None or hit["slot"] == slot]

    def output(self, stream: int) -> bytes:
        """What the programs wrote to 1 or 2."""
        return b"".join(data for _, kind, data in self.texts if kind == stream)


def run_recipe(recipe: Recipe, images: Mapping[str, bytes]) -> Collected:
    """Run to the end."""
    batches: list[Batch] = []
    result = run(recipe, images, batches.append)
    return Collected(
        result, list(_events(batches)), [t for b in batches for t in b.texts]
    )


def run_scenario(name: str, **changes: Any) -> Collected:
    """A shipped scenario with some sections of its recipe replaced."""
    scenario = load(name)
    return run_recipe(parse(scenario.recipe.to_json() | changes), scenario.images)


def _events(batches: Iterable[Batch]) -> Iterable[Event]:
    for batch in batches:
        for record in RECORD.iter_unpack(batch.records):
            yield dict(zip(FIELDS, record, strict=True))
