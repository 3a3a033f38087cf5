"""Who holds which slot at a moment, and the sum behind a refusal: from records alone.

Slots are what reserve_bp_slot counts, not debug registers: which register a breakpoint
stands in is in bp_per_reg[] of a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from emulator.events import EventKind
from emulator.trace.event_words import holder_name
from emulator.trace.names import errno_name
from emulator.trace.record import Record

HBP_NUM = 4
_ALL = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Holder:
    """One breakpoint that holds a slot. cpu None: on every CPU; task 0: no task."""

    field: int
    cpu: int | None
    task: int
    seq: int
    """The event that gave it the slot."""

    @property
    def name(self) -> str:
        """``breakpoint 2``, ``kgdb's 0``."""
        return holder_name(self.field)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was refused, with the sum of the CPU that decided."""

    seq: int
    name: str
    error: str
    cpu: int
    own: int
    tasks: int
    task: int
    flexible: int
    asked: int

    @property
    def in_words(self) -> str:
        """The arithmetic: why it did not fit, or that the sum was not the reason."""
        total = self.own + self.tasks + self.flexible + self.asked
        parts = [f"{self.own} of the CPU itself"]
        whose = f" of task {self.task}" if self.task else " of tasks"
        parts.append(f"{self.tasks}{whose}")
        if self.flexible:
            parts.append(f"{self.flexible} flexible")
        parts.append(f"{self.asked} asked for")
        sign = ">" if total > HBP_NUM else "≤"
        return f"CPU {self.cpu}: {' + '.join(parts)} = {total} {sign} {HBP_NUM}"


@dataclass(slots=True)
class SlotView:
    """The accounting at one moment."""

    holders: list[Holder] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def on_cpu(self, cpu: int) -> list[Holder]:
        """Who counts on this CPU: its own first, then those of tasks."""
        here = [h for h in self.holders if h.cpu in (None, cpu)]
        return sorted(here, key=lambda h: (h.task != 0, h.task, h.seq))


def slot_view(records: Iterable[Record], until: int) -> SlotView:
    """The accounting after the event ``until``; records from the run's first on.

    Only SLOT_RESERVED, SLOT_RELEASED and SLOT_ARITHMETIC are looked at, so a caller may
    leave out everything else.
    """
    view = SlotView()
    refused: Record | None = None
    for record in records:
        if record.seq > until:
            break
        if record.kind == EventKind.SLOT_RESERVED:
            refused = record if record.ret else None
            if not record.ret:
                view.holders.append(_holder(record))
        elif record.kind == EventKind.SLOT_RELEASED:
            _release(view, record)
        elif record.kind == EventKind.SLOT_ARITHMETIC and refused is not None:
            view.refusals.append(_refusal(refused, record))
            refused = None
    return view


def _holder(record: Record) -> Holder:
    cpu = None if record.addr == _ALL else record.addr
    return Holder(record.slot, cpu, record.value >> 32, record.seq)


def _release(view: SlotView, record: Record) -> None:
    gone = _holder(record)
    for holder in view.holders:
        if (holder.field, holder.cpu, holder.task) == (gone.field, gone.cpu, gone.task):
            view.holders.remove(holder)
            return


def _refusal(asked: Record, sums: Record) -> Refusal:
    own, tasks, flexible, more = sums.value.to_bytes(8, "little")[:4]
    return Refusal(
        seq=asked.seq,
        name=holder_name(asked.slot),
        error=errno_name(asked.ret),
        cpu=sums.slot,
        own=own,
        tasks=tasks,
        task=sums.addr,
        flexible=flexible,
        asked=more,
    )
