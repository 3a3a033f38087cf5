"""The causal tree of one hit."""

from __future__ import annotations

from emulator.events import Callee, EventFlag, EventKind
from emulator.trace.node import Node
from emulator.trace.record import Record, pack_records, unpack_records
from emulator.trace.tree import build_tree, hit_records, last_straw
from emulator.trace.verdict import judge

INT_MAX = 0x7FFFFFFF
STOP, DONE = 0x8001, 0


def record(seq: int, kind: EventKind, cause: int = 0, **fields: int) -> Record:
    values = dict.fromkeys(Record._fields, 0) | {"slot": 0xFF}
    values.update(seq=seq, kind=int(kind), cause=cause, **fields)
    return Record(**values)


def write_hit() -> list[Record]:
    """A 4-byte write to slot 0, counted by perf, chain to its end."""
    return [
        record(
            10,
            EventKind.HIT,
            addr=0x401000,
            value=5,
            slot=0,
            aux=1,
            flags=EventFlag.WRITE | EventFlag.USER,
        ),
        record(11, EventKind.CALL, 10, aux=Callee.do_debug, flags=EventFlag.VOID),
        record(12, EventKind.DR_WRITE, 11, slot=6, addr=0xFFFF0FF1, value=0xFFFF0FF0),
        record(
            13, EventKind.CALL, 11, aux=Callee.notify_die, value=3, flags=EventFlag.OPEN
        ),
        record(
            14,
            EventKind.NOTIFIER_CALL,
            13,
            aux=Callee.hw_breakpoint_exceptions_notify,
            addr=INT_MAX,
            value=3,
            ret=DONE,
        ),
        record(15, EventKind.CALL, 14, aux=Callee.perf_bp_event, flags=EventFlag.VOID),
        record(
            16,
            EventKind.NOT_REACHED,
            13,
            aux=Callee.kgdb_notify,
            addr=(1 << 64) - INT_MAX,
        ),
        record(17, EventKind.RETURN, 13, aux=Callee.notify_die, ret=STOP),
        record(18, EventKind.IRET, 10, value=0x246),
    ]


def tree() -> Node:
    root = build_tree(write_hit(), 10)
    assert root is not None
    return root


def find(name: str) -> Node:
    return next(n for n in tree().walk() if n.name == name)


def test_the_hit_is_the_root() -> None:
    assert tree().name == "#DB"


def test_the_root_says_which_slot_and_which_access() -> None:
    assert tree().text.startswith("slot 0 matched: write; trap after the instruction")


def test_children_hang_below_their_cause() -> None:
    assert [n.name for n in tree().children] == ["do_debug", "iret"]


def test_offset_counts_from_the_hit() -> None:
    assert find("perf_bp_event").offset == 5


def test_a_void_function_returns_void() -> None:
    returned = find("perf_bp_event").returned

    assert returned is not None and returned.style == "void"


def test_a_later_return_record_closes_the_call() -> None:
    returned = find("notify_die").returned

    assert returned is not None and (returned.text, returned.style) == ("STOP", "stop")


def test_a_return_record_is_no_line_of_its_own() -> None:
    assert all(n.kind != "RETURN" for n in tree().walk())


def test_notify_die_names_its_action() -> None:
    assert find("notify_die").text == "DIE_DEBUG"


def test_a_notifier_shows_its_priority() -> None:
    assert find("hw_breakpoint_exceptions_notify").priority == "INT_MAX"


def test_a_callee_that_was_not_reached_is_drawn_so() -> None:
    node = find("kgdb_notify")

    assert (node.reached, node.priority) == (False, "−INT_MAX")


def test_a_debug_register_write_shows_old_and_new() -> None:
    effect = next(n for n in tree().walk() if n.effects).effects[0]

    assert (effect.name, effect.old, effect.new) == ("DR6", 0xFFFF0FF1, 0xFFFF0FF0)


def test_a_write_of_the_same_value_says_so() -> None:
    root = build_tree(
        [
            record(1, EventKind.HIT),
            record(2, EventKind.DR_WRITE, 1, slot=7, addr=1, value=1),
        ],
        1,
    )

    assert root is not None and root.children[0].text == "same value"


def test_errno_has_its_name() -> None:
    root = build_tree([record(1, EventKind.SLOT_RESERVED, ret=-28)], 1)

    assert root is not None and root.returned is not None
    assert root.returned.text == "-ENOSPC"


def test_events_of_others_are_left_out() -> None:
    mixed = [
        *write_hit(),
        record(19, EventKind.SYSCALL),
        record(20, EventKind.CALL, 19),
    ]

    assert [r.seq for r in hit_records(mixed, 10)] == list(range(10, 19))


def test_an_absent_event_has_no_tree() -> None:
    assert build_tree(write_hit(), 99) is None


def test_a_kind_of_a_newer_emulator_still_has_a_line() -> None:
    root = build_tree([record(1, EventKind.HIT)._replace(kind=900)], 1)

    assert root is not None and root.name == "eventkind 900"


def test_records_survive_packing() -> None:
    assert unpack_records(pack_records(write_hit())) == write_hit()


def verdict(records: list[Record], **fields: int):
    root = build_tree(records, 10)
    return judge(root, records[0], place="counter", length=4, **fields)


def test_a_hit_that_perf_counted_is_delivered_once() -> None:
    given = verdict(write_hit(), was=4, dr7=0x40F, cpu_dr7=0xF)

    assert (given.severity, given.title) == ("ok", "Delivered once")


def test_the_sentence_says_value_and_predecessor() -> None:
    given = verdict(write_hit(), was=4)

    assert given.sentence.startswith(
        "A 4-byte write to counter: it holds 0x5, before it was 0x4."
    )


def test_a_hit_that_nobody_counted_is_a_fault() -> None:
    lost = [r for r in write_hit() if r.aux != Callee.perf_bp_event]

    assert verdict(lost).title == "Delivered to nobody"


def test_registers_that_part_are_a_fault() -> None:
    given = verdict(write_hit(), dr7=0x40F, cpu_dr7=0x3)

    assert (given.severity, given.checks[0].holds) == ("fault", False)


def test_without_a_snapshot_the_registers_are_unknown() -> None:
    assert verdict(write_hit()).checks[0].holds is None


def test_an_execute_hit_returned_without_rf_will_fire_again() -> None:
    records = write_hit()
    records[0] = records[0]._replace(flags=EventFlag.EXECUTE | EventFlag.FAULT_CLASS)

    assert verdict(records).title == "Delivered once, and it will fire again"


def test_a_livelock_is_a_fault() -> None:
    records = [*write_hit(), record(19, EventKind.LIVELOCK, 10, value=8)]

    assert verdict(records).title == "No progress: the same #DB for ever"


def test_a_function_that_returns_a_register_returns_it_in_hex() -> None:
    call = record(2, EventKind.CALL, 1, aux=Callee.local_db_save, ret=0x00DF020A)
    root = build_tree([record(1, EventKind.HIT), call], 1)

    assert root is not None and root.children[0].returned is not None
    assert root.children[0].returned.text == "0xdf020a"


def test_the_livelock_after_a_hit_belongs_to_it() -> None:
    straw = last_straw([*write_hit(), record(19, EventKind.LIVELOCK, value=8)], 10)

    assert straw is not None and straw.cause == 10


def test_a_livelock_after_the_next_hit_does_not() -> None:
    later = [record(19, EventKind.HIT), record(20, EventKind.LIVELOCK, value=8)]

    assert last_straw([*write_hit(), *later], 10) is None
