"""Traces made by hand: a few hits with known trees."""

from __future__ import annotations

from emulator.events import Callee, EventFlag, EventKind, Outcome
from emulator.snapshot import SNAPSHOT, WORDS, Moment
from emulator.trace.compare.comparison import Comparison, compare
from emulator.trace.compare.detail import Row, detail
from emulator.trace.compare.outline import outline
from emulator.trace.compare.phrases import phrase
from emulator.trace.compare.recording import Keeper, Recording
from emulator.trace.record import Record, pack_records
from emulator.wire import Batch

COUNTER, OTHER = 0x402000, 0x402008
STORE, ELSEWHERE = 0x40100C, 0x401020
STOP = 0x8001
DR7 = {"dr7": 0xD0602, "cpu_dr7": 0xD0202}


class Trace:
    """Events in order; seq is given out here."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.shots: list[bytes] = []
        self.texts: list[tuple[int, int, bytes]] = []

    @property
    def seq(self) -> int:
        """The last event."""
        return len(self.records)

    def event(self, kind: EventKind, cause: int = 0, **fields: int) -> int:
        """One event; returns its seq."""
        values = dict.fromkeys(Record._fields, 0) | {"slot": 0xFF}
        values.update(seq=self.seq + 1, kind=int(kind), cause=cause, **fields)
        self.records.append(Record(**values))
        return self.seq

    def shot(self, seq: int, moment: Moment, **words: int) -> None:
        """A snapshot at an event; DR7 and cpu_dr7 agree unless told."""
        values = dict.fromkeys(WORDS, 0) | DR7 | words
        cpu = self.records[seq - 1].cpu
        self.shots.append(
            SNAPSHOT.pack(seq, 100, cpu, moment, 0, *(values[w] for w in WORDS))
        )

    def hit(
        self,
        retired: int,
        *,
        rip: int = STORE,
        addr: int = COUNTER,
        value: int = 1,
        cpu: int = 0,
        slot: int = 0,
        entry: Callee = Callee.do_debug,
        ret: int = STOP,
        rflags: int = 0x202,
        after: dict[str, int] | None = None,
        handler: list[dict[str, int]] | None = None,
    ) -> int:
        """A write that perf counts: 7 events and two snapshots; returns the seq of the HIT.

        handler: events under hw_breakpoint_handler before perf_bp_event."""
        at = {"retired": retired, "rip": rip, "cpu": cpu, "task": 100}
        root = self.event(
            EventKind.HIT,
            addr=addr,
            value=value,
            slot=slot,
            aux=1 << slot,
            flags=int(EventFlag.WRITE | EventFlag.USER | EventFlag.SNAPSHOT),
            **at,
        )
        void = int(EventFlag.VOID)
        door = self.event(EventKind.CALL, root, aux=entry, flags=void, **at)
        dr6 = {"slot": 6, "addr": 0xFFFF0FF1, "value": 0xFFFF0FF0}
        self.event(EventKind.DR_WRITE, door, aux=entry, **dr6, **at)
        die = self.event(
            EventKind.CALL, door, aux=Callee.notify_die, value=3, ret=ret, **at
        )
        inner = self.event(
            EventKind.CALL, die, aux=Callee.hw_breakpoint_handler, ret=ret, **at
        )
        for fields in handler or []:
            self.event(EventKind(fields["kind"]), inner, **_rest(fields), **at)
        perf = {"aux": Callee.perf_bp_event, "flags": void, "slot": slot}
        self.event(EventKind.CALL, inner, **perf, **at)
        last = self.event(EventKind.IRET, root, value=rflags, **at)
        self.shot(root, Moment.hit_entry, rip=rip)
        self.shot(last, Moment.after_iret, rip=rip, rflags=rflags, **(after or {}))
        return root

    def end(self, retired: int, outcome: Outcome = Outcome.completed) -> None:
        """RUN_END."""
        self.event(EventKind.RUN_END, aux=outcome, retired=retired, value=retired)

    def recording(self, block: int = 4096) -> Recording:
        """The trace in blocks of so many events."""
        keeper = Keeper()
        hits = 0
        for start in range(0, len(self.records), block):
            part = self.records[start : start + block]
            first, last = part[0].seq, part[-1].seq
            keeper(
                Batch(
                    first,
                    hits,
                    pack_records(part),
                    b"".join(s for s in self.shots if first <= _seq(s) <= last),
                    [text for text in self.texts if first <= text[0] <= last],
                )
            )
            hits += sum(record.kind == EventKind.HIT for record in part)
        return keeper.recording()


def _rest(fields: dict[str, int]) -> dict[str, int]:
    return {name: value for name, value in fields.items() if name != "kind"}


def _seq(shot: bytes) -> int:
    return int.from_bytes(shot[:8], "little")


def dr7_write(value: int, *, old: int = 0xD0602, slot: int = 7) -> dict[str, int]:
    """A write of a debug register, for ``handler``."""
    return {
        "kind": int(EventKind.DR_WRITE),
        "slot": slot,
        "addr": old,
        "value": value,
        "aux": int(Callee.hw_breakpoint_handler),
    }


def hits(count: int, every: int = 10, **fields: object) -> Trace:
    """``count`` hits, ``every`` instructions apart."""
    made = Trace()
    for number in range(1, count + 1):
        made.hit(every * number, value=number, **fields)
    return made


def compared(left: Trace, right: Trace, block: int = 4096) -> Comparison:
    """The comparison of two whole traces."""
    return compare(outline(left.recording(block)), outline(right.recording(block)))


def first_row(found: Comparison) -> Row:
    """The row where they part, line by line."""
    return detail(found, found.first)


def sentence(left: Trace, right: Trace) -> str:
    """The first divergence."""
    return phrase(first_row(compared(left, right)).first).sentence
