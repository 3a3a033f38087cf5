"""Each term against the same condition, said plainly over the records of real runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from emulator.events import Callee, EventFlag, EventKind, Invariant
from emulator.programs import load_elf
from emulator.scenarios import load
from emulator.tests.trace.query.blocks import found, scenario_bytes
from emulator.trace.record import Record, unpack_records

SCENARIOS = ["watched-counter", "stale-dr7", "delivered-twice"]
KERNEL = 0xFFFF_FFFF_8100_0000
ACCESSES = (EventKind.HIT, EventKind.NOT_FIRED)


@cache
def data_of(name: str) -> bytes:
    """Records, run once."""
    return scenario_bytes(name)


def flag(bit: EventFlag) -> Callable[[Record], bool]:
    """It is set."""
    return lambda r: bool(r.flags & bit)


TERMS: list[tuple[str, Callable[[Record], bool]]] = [
    ("", lambda r: True),
    ("kind:hit", lambda r: r.kind == EventKind.HIT),
    ("kind=HIT,call", lambda r: r.kind in (EventKind.HIT, EventKind.CALL)),
    ("kind!=hit", lambda r: r.kind != EventKind.HIT),
    ("-kind:hit", lambda r: r.kind != EventKind.HIT),
    ("not kind:hit", lambda r: r.kind != EventKind.HIT),
    ("kind:write", lambda r: r.kind in ACCESSES and bool(r.flags & EventFlag.WRITE)),
    ("slot:0", lambda r: r.slot == 0),
    ("slot:0,2", lambda r: r.slot in (0, 2)),
    ("cpu>=1", lambda r: r.cpu >= 1),
    ("task:100", lambda r: r.task == 100),
    (f"rip:{KERNEL:#x}..", lambda r: r.rip >= KERNEL),
    (f"rip:..{KERNEL - 1}", lambda r: r.rip < KERNEL),
    (
        f"rip:{KERNEL + 0x1000:#x}..+0x10",
        lambda r: KERNEL + 0x1000 <= r.rip < KERNEL + 0x1010,
    ),
    ("value>=5", lambda r: r.value >= 5),
    ("value<2", lambda r: r.value < 2),
    ("value!=0", lambda r: r.value != 0),
    ("t:2..6", lambda r: 2 <= r.retired <= 6),
    ("seq<=30", lambda r: r.seq <= 30),
    ("ret<0", lambda r: r.ret < 0),
    ("ret:32769", lambda r: r.ret == 32769),
    ("is:user", flag(EventFlag.USER)),
    ("is:kernel", lambda r: not r.flags & EventFlag.USER),
    (
        "is:slave,step",
        lambda r: bool(r.flags & (EventFlag.SLAVE | EventFlag.SINGLE_STEP)),
    ),
    ("kind:hit slot:0", lambda r: r.kind == EventKind.HIT and r.slot == 0),
    ("kind:hit and slot:0", lambda r: r.kind == EventKind.HIT and r.slot == 0),
    ("kind:hit or slot:1", lambda r: r.kind == EventKind.HIT or r.slot == 1),
    (
        "(kind:hit or kind:call) -value:0",
        lambda r: r.kind in (EventKind.HIT, EventKind.CALL) and r.value != 0,
    ),
    (
        "kind:hit (slot:1 or (slot:0 value>1))",
        lambda r: (
            r.kind == EventKind.HIT and (r.slot == 1 or (r.slot == 0 and r.value > 1))
        ),
    ),
]


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize(("query", "plainly"), TERMS, ids=[q for q, _ in TERMS])
def test_a_term_is_what_it_says(
    query: str, plainly: Callable[[Record], bool], name: str
) -> None:
    data = data_of(name)

    assert found(query, data) == [r for r in unpack_records(data) if plainly(r)]


# Trees.


def trees(data: bytes) -> list[list[Record]]:
    """Roots with all that hangs below them, by following causes."""
    made: dict[int, list[Record]] = {}
    root_of: dict[int, int] = {}
    for record in unpack_records(data):
        root = root_of.get(record.cause, record.seq) if record.cause else record.seq
        root_of[record.seq] = root
        made.setdefault(root, []).append(record)
    return list(made.values())


def is_call(record: Record, callee: Callee) -> bool:
    """A call of it, by the chain or directly."""
    kinds = (EventKind.CALL, EventKind.NOTIFIER_CALL)
    return record.kind in kinds and record.aux == callee


TREES: list[tuple[str, Callable[[Record], bool]]] = [
    ("called:kgdb_notify", lambda r: is_call(r, Callee.kgdb_notify)),
    (
        "returned:NOTIFY_STOP",
        lambda r: (
            r.ret == 0x8001
            and r.kind in (EventKind.CALL, EventKind.NOTIFIER_CALL, EventKind.RETURN)
        ),
    ),
    ("owner:kgdb", lambda r: r.kind == EventKind.DEBUGGER_STOP),
    ("owner:perf", lambda r: is_call(r, Callee.overflow_handler)),
    (
        "wrote:dr7",
        lambda r: (
            r.kind == EventKind.DR_WRITE
            and r.slot == 7
            and not r.flags & EventFlag.SAME_VALUE
        ),
    ),
    (
        "broke:owner_is_armed",
        lambda r: r.kind == EventKind.INVARIANT and r.aux == Invariant.owner_is_armed,
    ),
]


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize(("query", "plainly"), TREES, ids=[q for q, _ in TREES])
def test_a_term_of_a_tree_finds_all_of_it(
    query: str, plainly: Callable[[Record], bool], name: str
) -> None:
    data = data_of(name)
    wanted = [r for tree in trees(data) if any(map(plainly, tree)) for r in tree]

    assert found(query, data) == sorted(wanted, key=lambda r: r.seq)


def test_the_terms_of_trees_find_something() -> None:
    # Otherwise the test above compares nothing with nothing.
    for query, _ in TREES:
        assert any(found(query, data_of(name)) for name in SCENARIOS), query


# Places and hits.


def test_a_symbol_is_an_address() -> None:
    scenario = load("watched-counter")
    symbols = dict(load_elf(next(iter(scenario.images.values()))).addresses)
    data = data_of("watched-counter")
    start = symbols["_start"]

    assert found("rip:_start+10", data, symbols) == [
        r for r in unpack_records(data) if r.rip == start + 0x10
    ]


def test_after_a_hit_begins_below_it() -> None:
    data = data_of("watched-counter")
    third = [r for r in unpack_records(data) if r.kind == EventKind.HIT][2]

    assert found("after:hit(3)", data)[0].seq == third.seq + 1
    assert found("before:hit(3)", data)[-1].seq == third.seq - 1


def test_hits_are_counted_from_the_run_on() -> None:
    data = data_of("watched-counter")
    hits = [r for r in unpack_records(data) if r.kind == EventKind.HIT]

    assert found("kind:hit hit:2..3", data) == hits[1:3]
