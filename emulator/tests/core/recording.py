"""A recorder whose events can be read back at once."""

from __future__ import annotations

from emulator.events import FIELDS, RECORD, Callee, EventKind
from emulator.recorder import Recorder
from emulator.wire import Batch

Event = dict[str, int]


class Notes:
    """Holds what a recorder wrote."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []
        self.recorder = Recorder(self._batches.append)

    @property
    def events(self) -> list[Event]:
        """All so far."""
        self.recorder.flush()
        return [
            dict(zip(FIELDS, record, strict=True))
            for batch in self._batches
            for record in RECORD.iter_unpack(batch.records)
        ]

    def of(self, kind: EventKind) -> list[Event]:
        """Those of one kind."""
        return [event for event in self.events if event["kind"] == kind]

    def story(self) -> list[str]:
        """Each event as a word or two, indented by its place in the tree."""
        depth: dict[int, int] = {0: -1}
        lines = []
        for event in self.events:
            depth[event["seq"]] = depth.get(event["cause"], -1) + 1
            lines.append("  " * depth[event["seq"]] + _words(event))
        return lines


def _words(event: Event) -> str:
    kind = EventKind(event["kind"])
    callee = Callee(event["aux"]).name
    if kind is EventKind.CALL:
        return callee
    if kind is EventKind.DR_WRITE:
        return f"dr{event['slot']}={event['value']:#x}"
    if kind is EventKind.SHADOW_WRITE:
        return f"shadow{event['slot']}={event['value']:#x}"
    if kind is EventKind.REGS_WRITE:
        return f"flags={event['value']:#x}"
    if kind is EventKind.SIGNAL:
        return f"signal {event['value']} code {event['aux']}"
    return f"{kind.name.lower()} {callee}"
