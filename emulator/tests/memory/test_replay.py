"""Memory as of a hit is what the hit said, found by doing the run once more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.engine import replay_to, run
from emulator.events import EventFlag, EventKind
from emulator.recipe import Recipe
from emulator.scenarios import load
from emulator.tests.engine.runs import EXIT, LOAD, flat, watch
from emulator.trace.record import Record, unpack_records

#: mov ecx, 3000; again: inc dword [data]; loop again; exit
COUNTS = (
    "b9b80b0000ff0425" + (LOAD + 0x1000).to_bytes(4, "little").hex() + "e2f7" + EXIT
)


def recorded(recipe: Recipe, images: dict[str, bytes]) -> list[Record]:
    parts: list[bytes] = []
    run(recipe, images, lambda batch: parts.append(batch.records))
    return unpack_records(b"".join(parts))


def data_hits(records: list[Record]) -> Iterator[Record]:
    for record in records:
        if record.kind == EventKind.HIT and not record.flags & EventFlag.EXECUTE:
            yield record


def held(recipe: Recipe, images: dict[str, bytes], hit: Record, length: int) -> int:
    system = replay_to(recipe, images, hit.seq).system
    (task,) = [task for task in system.tasks if task.pid == hit.task]
    return int.from_bytes(task.space.read(hit.addr, length, 0), "little")


@pytest.mark.parametrize("number", [1, 2, 3, 500, 2999, 3000])
def test_a_counter_stands_at_the_hit(number: int) -> None:
    recipe, images = flat(COUNTS, breakpoints=[watch()], limits={"events": 100_000})
    hit = list(data_hits(recorded(recipe, images)))[number - 1]

    assert held(recipe, images, hit, 4) == number == hit.value


@pytest.mark.parametrize("name", ["watched-counter", "two-cpus-race"])
def test_each_hit_of_a_scenario_finds_its_value(name: str) -> None:
    scenario = load(name)
    hits = list(data_hits(recorded(scenario.recipe, scenario.images)))[::37]
    lengths = {bp.at: bp.length for bp in scenario.recipe.breakpoints}
    assert hits
    assert set(lengths.values()) <= {1, 2, 4, 8}

    for hit in hits:
        # A longer watch than the value needs no other bytes: they are zero in both.
        shortest = min(lengths.values())
        mask = (1 << 8 * shortest) - 1
        found = held(scenario.recipe, scenario.images, hit, shortest)
        assert found == hit.value & mask


def test_before_the_first_instruction_the_image_is_there() -> None:
    recipe, images = flat(COUNTS, breakpoints=[watch()])

    replayed = replay_to(recipe, images, 0)

    (data,) = images.values()
    assert replayed.system.tasks[0].space.read(LOAD, 16, 0) == data[:16]
    assert replayed.system.machine.cpus[0].retired == 0


def test_beyond_the_end_it_stands_at_the_end() -> None:
    recipe, images = flat(COUNTS, breakpoints=[watch()], limits={"events": 100_000})
    (*_, last) = data_hits(recorded(recipe, images))

    beyond = last._replace(seq=10**9)

    assert held(recipe, images, beyond, 4) == 3000
