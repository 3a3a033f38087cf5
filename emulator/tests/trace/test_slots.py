"""Who holds which slot, read off the records of real runs."""

from __future__ import annotations

from emulator.engine import run
from emulator.recipe import parse
from emulator.tests.engine.runs import flat
from emulator.tests.script.loops import DATA, LOOP, after, at_first, wide
from emulator.trace.record import Record, unpack_records
from emulator.trace.slots import SlotView, slot_view

KGDB = {"owner": "kgdb", "type": "write", "length": 4, "at": hex(DATA)}


def records_of(*entries: dict, breakpoints: list[dict], cpus: int = 1) -> list[Record]:
    """All records of a scripted loop."""
    program = LOOP.format(data=(DATA & 0xFFFF_FFFF).to_bytes(4, "little").hex())
    recipe, images = flat(program, kernel=True, cpus=cpus, variant={"base": "d4"})
    more = {"script": list(entries), "breakpoints": breakpoints}
    taken: list[Record] = []
    run(
        parse(recipe.to_json() | more),
        images,
        lambda batch: taken.extend(unpack_records(batch.records)),
    )
    return taken


def held(view: SlotView, cpu: int = 0) -> list[str]:
    """The names of the holders on a CPU."""
    return [holder.name for holder in view.on_cpu(cpu)]


FOUR = [wide(DATA + 16 * n) for n in range(4)]


def test_each_breakpoint_holds_one_slot() -> None:
    records = records_of(breakpoints=FOUR)

    assert held(slot_view(records, 10**6)) == [f"breakpoint {n}" for n in range(4)]


def test_a_wide_breakpoint_holds_one_on_each_cpu() -> None:
    view = slot_view(records_of(breakpoints=FOUR[:1], cpus=2), 10**6)

    assert held(view, 0) == held(view, 1) == ["breakpoint 0"]


def test_what_was_unregistered_holds_none() -> None:
    gone = after(3, "unregister", breakpoint=1)
    records = records_of(gone, breakpoints=[wide(), wide(DATA + 16)])

    assert held(slot_view(records, 10**6)) == ["breakpoint 0"]


def test_a_moment_before_knows_it_still() -> None:
    gone = after(3, "unregister", breakpoint=1)
    records = records_of(gone, breakpoints=[wide(), wide(DATA + 16)])
    third = [r for r in records if r.kind == 1][2].seq

    assert held(slot_view(records, third)) == ["breakpoint 0", "breakpoint 1"]


def test_a_refusal_shows_its_sum() -> None:
    fifth = wide(DATA + 64, registered=False)
    records = records_of(at_first("register", breakpoint=4), breakpoints=[*FOUR, fifth])
    (refusal,) = slot_view(records, 10**6).refusals

    assert (refusal.name, refusal.error) == ("breakpoint 4", "-ENOSPC")
    assert refusal.in_words == (
        "CPU 0: 4 of the CPU itself + 0 of tasks + 1 asked for = 5 > 4"
    )
