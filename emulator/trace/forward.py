"""Brings a snapshot forward over the register writes logged after it (decisions D6)."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.events import EventKind, GuestField, ShadowField
from emulator.trace.record import Record
from emulator.trace.registers import Snapshot

_DR = {0: "dr0", 1: "dr1", 2: "dr2", 3: "dr3", 6: "dr6", 7: "dr7"}
#: DR4 and DR5 are names of DR6 and DR7 while CR4.DE is clear.
_DR |= {4: "dr6", 5: "dr7"}
_SHADOW = {int(field): field.name for field in ShadowField}
_GUEST = {int(GuestField.flags): "rflags", int(GuestField.ip): "rip"}
_TABLES: dict[int, dict[int, str]] = {
    EventKind.DR_WRITE: _DR,
    EventKind.SHADOW_WRITE: _SHADOW,
    EventKind.REGS_WRITE: _GUEST,
}


def bring_forward(snapshot: Snapshot, records: Iterable[Record]) -> Snapshot:
    """The snapshot with the debug-register, shadow and saved-register writes of the
    records applied in order; writes to a word that a snapshot does not have are skipped."""
    words = dict(snapshot.words)
    for record in records:
        table = _TABLES.get(record.kind)
        name = table.get(record.slot) if table else None
        if name is not None and name in words:
            words[name] = record.value
    return snapshot._replace(words=words)
