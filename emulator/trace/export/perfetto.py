"""Perfetto's native trace: a stream of TracePackets with TrackEvents.

Field numbers are those of the published perfetto_trace.proto; a test parses what is written
here with the published classes. Names are interned: each is written once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from emulator.trace.export.protobuf import message, number, text
from emulator.trace.export.timeline import Args, Mark, Track, Word

_AT_ONCE = 1 << 16
_SEQUENCE = 1
_STATE_CLEARED, _NEEDS_STATE = 1, 2
_PHASES = {"B": 1, "E": 2, "I": 3, "C": 4}
#: Trace.packet; TracePacket's fields.
_PACKET = 1
_TIMESTAMP, _TRUSTED_SEQUENCE, _TRACK_EVENT, _INTERNED, _FLAGS = 8, 10, 11, 12, 13
_TRACK_DESCRIPTOR = 60
#: TrackDescriptor: uuid 1, name 2, process 3, parent 5, counter 8, ordering 11, rank 12.
_EXPLICIT = 3
#: TrackEvent: annotations 4, type 9, name_iid 10, track 11, categories 22, counter 30.

_SAME = number(_TRUSTED_SEQUENCE, _SEQUENCE) + number(_FLAGS, _NEEDS_STATE)


def perfetto_trace(marks: Iterator[Mark], facts: Mapping[str, Any]) -> Iterator[bytes]:
    """The bytes of a Trace message; a CPU is a process track, its lanes are below it."""
    writer = _Writer()
    out = bytearray(writer.begin(facts))
    for mark in marks:
        out += writer.mark(mark)
        if len(out) >= _AT_ONCE:
            yield bytes(out)
            out.clear()
    yield bytes(out)


class _Writer:
    """Knows the tracks and names that were introduced."""

    def __init__(self) -> None:
        self._tracks: dict[object, int] = {}
        self._names: dict[str, int] = {}
        self._keys: dict[str, int] = {}

    def begin(self, facts: Mapping[str, Any]) -> bytes:
        """The first packet of the sequence; the facts of the run on a track of it."""
        track = self._new_track("run")
        described = message(
            _TRACK_DESCRIPTOR, number(1, track), text(2, str(facts.get("title", "run")))
        )
        first = message(
            _PACKET,
            number(_TRUSTED_SEQUENCE, _SEQUENCE),
            number(_FLAGS, _STATE_CLEARED),
            described,
        )
        args: Args = {name: str(value) for name, value in facts.items()}
        return first + self._event(3, track, 0, "run", args)

    def mark(self, mark: Mark) -> bytes:
        """A mark, after the tracks that it is the first on."""
        out = b""
        if mark.track not in self._tracks:
            out = self._introduce(mark.track)
        track = self._tracks[mark.track]
        phase = _PHASES[mark.phase]
        if mark.phase == "C":
            return out + self._packet(
                mark.time, number(9, phase), number(11, track), number(30, mark.value)
            )
        if mark.phase == "E":
            return out + self._packet(mark.time, number(9, phase), number(11, track))
        return out + self._event(phase, track, mark.time, mark.name, mark.args)

    def _introduce(self, track: Track) -> bytes:
        out = b""
        if track.cpu not in self._tracks:
            process = message(3, number(1, track.cpu + 1), text(6, f"CPU {track.cpu}"))
            out = self._describe(
                number(1, self._new_track(track.cpu)), process, number(11, _EXPLICIT)
            )
        parts = [
            number(1, self._new_track(track)),
            text(2, track.name),
            number(5, self._tracks[track.cpu]),
            number(12, track.lane),
        ]
        if track.counter:
            parts.append(message(8))
        return out + self._describe(*parts)

    def _new_track(self, key: object) -> int:
        # uuid 0 is the global track of a trace.
        self._tracks[key] = len(self._tracks) + 1
        return self._tracks[key]

    def _describe(self, *parts: bytes) -> bytes:
        return message(
            _PACKET,
            number(_TRUSTED_SEQUENCE, _SEQUENCE),
            message(_TRACK_DESCRIPTOR, *parts),
        )

    def _event(self, phase: int, track: int, time: int, name: str, args: Args) -> bytes:
        fresh: list[bytes] = []
        parts = [_kind(phase, track)]
        parts.append(_name(10, _intern(self._names, name, 2, fresh)))
        for key, value in args.items():
            iid = _intern(self._keys, key, 3, fresh)
            parts.append(message(4, _name(1, iid), _value(value)))
        return self._packet(time, *parts, interned=fresh)

    def _packet(
        self, time: int, *parts: bytes, interned: list[bytes] | None = None
    ) -> bytes:
        fields = [
            number(_TIMESTAMP, time),
            _SAME,
            message(_TRACK_EVENT, *parts),
        ]
        if interned:
            fields.append(message(_INTERNED, *interned))
        return message(_PACKET, *fields)


def _intern(known: dict[str, int], name: str, table: int, fresh: list[bytes]) -> int:
    """The number of a name; a new one goes to the interned data of this packet."""
    iid = known.get(name)
    if iid is None:
        iid = known[name] = len(known) + 1
        fresh.append(message(table, number(1, iid), text(2, name)))
    return iid


@lru_cache(maxsize=4096)
def _kind(phase: int, track: int) -> bytes:
    """type and track_uuid of a TrackEvent."""
    return number(9, phase) + number(11, track)


@lru_cache(maxsize=4096)
def _name(field: int, iid: int) -> bytes:
    """The number of an interned name."""
    return number(field, iid)


def _value(value: int | str) -> bytes:
    """uint 3, int 4, string 6, pointer 7 of DebugAnnotation."""
    if isinstance(value, str):
        return text(6, value)
    if isinstance(value, Word):
        return number(7, value)
    return number(3, value) if value >= 0 else number(4, value)
