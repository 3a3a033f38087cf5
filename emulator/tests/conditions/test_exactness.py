"""Conditions change nothing but what is said about hits; memory changes nothing at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.engine import run
from emulator.events import EventKind
from emulator.template import Template
from emulator.tests.conditions.loops import KERNEL_LOAD, bp, ran, recipe_of
from emulator.tests.runs.collect import Collected, Event

_CONDITIONS = [
    "1",
    "0",
    "value > 40",
    "value % 7 == 3",
    "hits % 5 == 0",
    "hits > 3 && hits < 30",
    "hits == 1 || value == old + 1",
    "old",
    "u32[data] & 4",
    "u32[hits & 8 ? data : 0]",
    "rcx % 3 == 0 && cpu == 0",
    "task == 100 ? value & 1 : 1",
    "1 / (value & 3)",
    "dr6 & 2 || cf",
]


@dataclass(frozen=True)
class Case:
    """A loop, what watches it, and which hits are wanted."""

    turns: int
    kernel: bool
    watches: tuple[dict[str, Any], ...]
    variant: str
    quantum: int
    cpus: int


_watches = st.fixed_dictionaries(
    {
        "length": st.sampled_from([1, 2, 4]),
        "type": st.sampled_from(["write", "access"]),
        "period": st.sampled_from([1, 1, 3]),
    },
    optional={
        "condition": st.sampled_from(_CONDITIONS),
        "ignore": st.integers(0, 5),
        "limit": st.integers(1, 40),
    },
)
_cases = st.builds(
    Case,
    turns=st.integers(3, 90),
    kernel=st.booleans(),
    watches=st.lists(_watches, min_size=1, max_size=4).map(tuple),
    variant=st.sampled_from(["b-zero", "d1", "d3-36", "d4", "g-bare", "h-bare"]),
    quantum=st.sampled_from([17, 1000]),
    cpus=st.sampled_from([1, 1, 2]),
)


def _breakpoints(case: Case) -> list[dict[str, Any]]:
    owner = "perf_wide" if case.kernel else "perf_user"
    return [bp(owner, **watch) for watch in case.watches]


def _changes(case: Case) -> dict[str, Any]:
    return {
        "turns": case.turns,
        "kernel": case.kernel,
        "variant": case.variant,
        "quantum": case.quantum,
        "cpus": case.cpus,
        "tasks": case.cpus,
    }


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(_cases)
def test_the_digest_is_that_of_the_plain_way(case: Case) -> None:
    recipe, images = recipe_of(*_breakpoints(case), **_changes(case))

    told = [
        run(recipe, images, lambda _batch: None, remembers=remembers)
        for remembers in (True, False)
    ]

    assert told[0].digest == told[1].digest


def test_trees_with_conditions_are_remembered(monkeypatch: Any) -> None:
    # A property that never meets the code it is about would hold for nothing.
    rows: list[int] = []
    original = Template.write

    def count(self: Template, records: Any, table: Any) -> None:
        rows.append(len(table))
        original(self, records, table)

    monkeypatch.setattr(Template, "write", count)
    run_ = ran(bp(condition="value % 10 == 0"), turns=200)

    assert len(run_.hits()) == 200
    assert sum(rows) > 150


def without_conditions(run_: Collected) -> list[Event]:
    """The trace with CONDITION events left out and the others numbered anew."""
    kept = [e for e in run_.events if e["kind"] != EventKind.CONDITION]
    number = {e["seq"]: n for n, e in enumerate(kept, 1)} | {0: 0}
    moved = ("seq", "cause")
    return [e | {name: number[e[name]] for name in moved} for e in kept]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(_cases)
def test_the_machine_does_what_it_does_without_conditions(case: Case) -> None:
    chosen = _breakpoints(case)
    for each in chosen:
        each.pop("limit", None)
    plain = [
        {k: v for k, v in b.items() if k not in ("condition", "ignore")} for b in chosen
    ]

    with_them = ran(*chosen, **_changes(case))

    assert without_conditions(with_them) == ran(*plain, **_changes(case)).events


def test_a_debugger_that_is_spared_leaves_the_kernel_as_it_is() -> None:
    """kgdb enters and leaves as it does for a debugger that says c at once."""
    where = {"at": "data", "owner": "kgdb"}
    changes = {"kernel": True, "variant": "d4", "kgdb": {}}

    spared = without_conditions(ran(bp(**where, condition="0"), **changes))
    asked = ran(bp(**where), **changes).events

    packets = {e["seq"] for e in asked if e["kind"] == EventKind.PACKET}
    assert packets
    assert told_alike(spared) == told_alike(
        [e for e in asked if e["seq"] not in packets]
    )
    assert min(e["rip"] for e in spared if e["kind"] == EventKind.HIT) > KERNEL_LOAD


def told_alike(events: list[Event]) -> list[tuple[int, ...]]:
    """Without what counts on: seq, cause, the number of a stop."""
    return [
        (
            e["kind"],
            e["aux"],
            e["rip"],
            e["retired"],
            e["addr"],
            0 if e["kind"] == EventKind.DEBUGGER_STOP else e["value"],
            e["ret"],
            e["slot"],
        )
        for e in events
    ]
