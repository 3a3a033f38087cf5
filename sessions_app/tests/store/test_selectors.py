"""Reading events: by number, by filter, by cursor, against a plain list."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from emulator.trace.record import Record
from sessions_app import selectors
from sessions_app.filters import parse_line
from sessions_app.models import DebugSession, EventChunk, Run
from sessions_app.queries import events_page, hits_page
from sessions_app.tests.factories import (
    EventKind,
    Moment,
    create_run,
    event,
    snapshot,
    store_chunk,
)

KERNEL = 0xFFFF_FFFF_8100_0000
KINDS = (EventKind.HIT, EventKind.CALL, EventKind.DR_WRITE)


@pytest.fixture
def mixed(session: DebugSession) -> tuple[Run, list[Record]]:
    """900 events of all sorts in nine chunks, kernel and user addresses mixed."""
    rng = random.Random(7)
    records = [
        event(
            seq,
            rng.choice(KINDS),
            rip=rng.choice((0x401000, KERNEL)) + rng.randrange(64),
            addr=rng.choice((0x402000, KERNEL, (1 << 64) - 8)),
            retired=seq * 3,
            cpu=rng.randrange(4),
            slot=rng.randrange(4),
            value=seq,
        )
        for seq in range(1, 901)
    ]
    run = create_run(session)
    hits = 0
    for first in range(0, 900, 100):
        part = records[first : first + 100]
        store_chunk(run, part, hits_before=hits)
        hits += sum(r.kind == EventKind.HIT for r in part)
    Run.objects.filter(pk=run.pk).update(events=900, hits=hits)
    return run, records


TOP = (1 << 64) - 8
FILTERS: list[tuple[str, Callable[[Record], bool]]] = [
    ("", lambda r: True),
    ("kind:call", lambda r: r.kind == EventKind.CALL),
    ("kind:hit", lambda r: r.kind == EventKind.HIT),
    ("cpu:1,3", lambda r: r.cpu in (1, 3)),
    ("slot:2", lambda r: r.slot == 2),
    (f"addr:{KERNEL}..+9", lambda r: KERNEL <= r.addr < KERNEL + 9),
    ("addr:..0x402000", lambda r: r.addr <= 0x402000),
    (f"addr:{TOP}..", lambda r: r.addr >= TOP),
    ("rip:0x401000..0x401010", lambda r: 0x401000 <= r.rip <= 0x401010),
    ("t:600..1200", lambda r: 600 <= r.retired <= 1200),
    ("seq:150..420", lambda r: 150 <= r.seq <= 420),
    ("value>=777", lambda r: r.value >= 777),
    ("slot:0 or cpu:2", lambda r: r.slot == 0 or r.cpu == 2),
    ("not (slot:0 cpu:2)", lambda r: not (r.slot == 0 and r.cpu == 2)),
    ("slot:0 slot:1", lambda r: False),
    (
        f"kind:hit slot:0,1 cpu:2 addr:{KERNEL}",
        lambda r: (
            (r.kind, r.cpu, r.addr) == (EventKind.HIT, 2, KERNEL) and r.slot in (0, 1)
        ),
    ),
]
with_filters = pytest.mark.parametrize(
    ("text", "passes"), FILTERS, ids=[text for text, _ in FILTERS]
)


@with_filters
def test_a_filter_gives_what_a_plain_list_gives(
    mixed: tuple[Run, list[Record]], text: str, passes: Callable[[Record], bool]
) -> None:
    run, records = mixed

    found, cursor = events_page(run, parse_line(text, {}), 0, 1000)

    assert found == [r for r in records if passes(r)]
    assert cursor is None


@with_filters
def test_pages_join_to_the_whole(
    mixed: tuple[Run, list[Record]], text: str, passes: Callable[[Record], bool]
) -> None:
    run, records = mixed
    found: list[Record] = []
    cursor: int | None = 0

    while cursor is not None:
        page, cursor = events_page(run, parse_line(text, {}), cursor, 37)
        found += page

    assert found == [r for r in records if passes(r)]


@with_filters
def test_hits_keep_their_numbers_under_a_filter(
    mixed: tuple[Run, list[Record]], text: str, passes: Callable[[Record], bool]
) -> None:
    run, records = mixed
    hits = [r for r in records if r.kind == EventKind.HIT]
    numbered = [(n, r) for n, r in enumerate(hits, 1) if passes(r)]

    found, _ = hits_page(run, parse_line(text, {}), 0, 1000)

    assert found == numbered


def test_a_page_of_hits_can_begin_at_a_number(mixed: tuple[Run, list[Record]]) -> None:
    run, _ = mixed

    found, _ = hits_page(run, parse_line("", {}), 0, 5, first=100)

    assert [number for number, _ in found] == [100, 101, 102, 103, 104]


def test_each_event_is_found_by_its_number(mixed: tuple[Run, list[Record]]) -> None:
    run, records = mixed

    assert [selectors.event_record(run, seq) for seq in (1, 100, 101, 900)] == [
        records[i] for i in (0, 99, 100, 899)
    ]


@pytest.mark.parametrize("seq", [0, 901])
def test_an_event_outside_the_trace_is_none(
    mixed: tuple[Run, list[Record]], seq: int
) -> None:
    assert selectors.event_record(mixed[0], seq) is None


def test_each_hit_is_found_by_its_number(mixed: tuple[Run, list[Record]]) -> None:
    run, records = mixed
    hits = [r for r in records if r.kind == EventKind.HIT]

    found = [selectors.hit_by_number(run, n) for n in range(1, len(hits) + 1)]

    assert found == hits


def test_a_hit_knows_its_number(mixed: tuple[Run, list[Record]]) -> None:
    run, records = mixed
    hits = [r.seq for r in records if r.kind == EventKind.HIT]

    assert [selectors.hit_number(run, seq) for seq in hits] == list(
        range(1, len(hits) + 1)
    )


def test_statistics_spare_chunks_from_decoding(
    session: DebugSession, django_assert_num_queries: object
) -> None:
    run = create_run(session)
    for chunk in range(20):
        addr = KERNEL + 0x1000 * chunk
        store_chunk(
            run, [event(chunk + 1, EventKind.HIT, addr=addr, slot=0)], hits_before=chunk
        )
    wanted = parse_line(f"addr:{KERNEL + 0x5000}", {})

    with django_assert_num_queries(5):  # type: ignore[operator]
        found, _ = hits_page(run, wanted, 0, 10)

    assert [number for number, _ in found] == [6]


def test_addresses_sort_as_unsigned(mixed: tuple[Run, list[Record]]) -> None:
    high = EventChunk.objects.filter(addr_max__gte=KERNEL, addr_min__lte=0x402000)

    assert high.count() == 9


def test_an_address_comes_back_as_it_was_stored(session: DebugSession) -> None:
    run = create_run(session)
    top = (1 << 64) - 1
    chunk = store_chunk(run, [event(1, EventKind.HIT, addr=top, rip=0)])

    chunk.refresh_from_db()

    assert (chunk.addr_min, chunk.rip_max) == (top, 0)


def test_a_snapshot_is_brought_forward_to_the_event(session: DebugSession) -> None:
    run = create_run(session)
    records = [
        event(1, EventKind.HIT, slot=0),
        event(2, EventKind.DR_WRITE, 1, slot=7, addr=0xD0602, value=0x400),
        event(3, EventKind.SHADOW_WRITE, 1, slot=0, addr=0xD0202, value=0x10),
        event(4, EventKind.IRET, 1),
    ]
    store_chunk(run, records, snapshot(1, 1, Moment.hit_entry))

    shot = selectors.snapshot_at(run, records[3])

    assert shot is not None
    assert (shot.words["dr7"], shot.words["cpu_dr7"]) == (0x400, 0x10)


def test_a_later_write_is_not_in_an_earlier_snapshot(session: DebugSession) -> None:
    run = create_run(session)
    records = [
        event(1, EventKind.HIT, slot=0),
        event(2, EventKind.DR_WRITE, 1, slot=7, addr=0xD0602, value=0x400),
    ]
    store_chunk(run, records, snapshot(1, 1, Moment.hit_entry))

    shot = selectors.snapshot_at(run, records[0])

    assert shot is not None
    assert shot.words["dr7"] == 0xD0602


def test_chunks_of_an_older_epoch_are_not_read(session: DebugSession) -> None:
    run = create_run(session)
    store_chunk(run, [event(1, EventKind.HIT, slot=0)])

    run.epoch = 2

    assert selectors.event_record(run, 1) is None


def test_output_comes_in_order_with_its_stream(session: DebugSession) -> None:
    run = create_run(session)
    records = [event(s, EventKind.OUTPUT, aux=1 + s % 2) for s in (1, 2)]
    store_chunk(run, records, texts=[(1, 2, b"oh\n"), (2, 1, b"caf\xc3\xa9\n")])

    pieces = [(p.seq, p.stream, p.text) for p in selectors.run_output(run)]

    assert pieces == [(1, 2, "oh\n"), (2, 1, "café\n")]
