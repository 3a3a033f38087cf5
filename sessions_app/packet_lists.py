"""The packets of a run with the stop and the hit that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from sessions_app import trace
from sessions_app.models import Run
from sessions_app.packet_words import packet_in_words, packet_text
from sessions_app.queries import PacketRecord, packets_page
from sessions_app.run_facts import RunFacts, run_facts

ROWS = 200
_SHOWN = 400


@dataclass(frozen=True, slots=True)
class PacketRow:
    """A packet, or a stop that the kernel's debugger announces."""

    seq: int
    cpu: int
    retired: int
    hit: int | None
    """Number of the last hit before it."""
    to_debugger: bool
    text: str
    words: str
    stop: int | None = None
    new_hit: bool = False
    """It is the first after that hit."""


@dataclass(frozen=True, slots=True)
class PacketPage:
    """Rows and the cursor to go on from, None at the end."""

    rows: list[PacketRow]
    after: int | None


def packet_page(run: Run, after: int, limit: int = ROWS) -> PacketPage:
    """Packets after a cursor."""
    facts = run_facts(run)
    found, cursor = packets_page(run, after, limit)
    rows: list[PacketRow] = []
    hit: int | None = None
    for packet in found:
        rows.append(_row(packet, facts, new_hit=packet.hit != hit))
        hit = packet.hit
    return PacketPage(rows, cursor)


def _row(packet: PacketRecord, facts: RunFacts, *, new_hit: bool) -> PacketRow:
    record = packet.record
    is_stop = record.kind == trace.DEBUGGER_STOP
    if is_stop:
        text, words = "", f"stop {record.value} at {facts.name(record.addr)}"
    else:
        text = packet_text(packet.data)
        words = packet_in_words(
            packet.data, to_debugger=bool(record.aux), name=facts.name
        )
    return PacketRow(
        seq=record.seq,
        cpu=record.cpu,
        retired=record.retired,
        hit=packet.hit,
        to_debugger=bool(record.aux) and not is_stop,
        text=text if len(text) <= _SHOWN else text[:_SHOWN] + "…",
        words=words,
        stop=record.value if is_stop else None,
        new_hit=new_hit and packet.hit is not None,
    )
