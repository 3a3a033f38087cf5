"""What differs between a recorded vector and its replay, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from emulator.conform_replay import Event, Poked, Replayed, Sample

Vector = Mapping[str, Any]

#: AF is undefined after these (SDM vol. 2); the recording does not mark that.
_SHIFTS = re.compile(r"\b(sh[lr]d?|sa[lr])\b")
_AF = 0x10
#: Arithmetic flags that some instructions leave undefined: CF PF AF ZF SF OF.
_ARITHMETIC = 0x8D5
#: Of a perf vector, which tells only how it ended.
_MOST_STOPS = 64


def stops_recorded(vector: Vector) -> int:
    """How many stops the tracer of the recording saw."""
    return len(vector["native"].get("events", range(_MOST_STOPS)))


def difference(vector: Vector, seen: Replayed) -> str | None:
    """The first difference, or None."""
    parts = [_setup(vector, seen.setup)]
    if vector["mode"] == "perf":
        parts.append(_perf(vector, seen))
    else:
        parts += [_stops(vector, seen), _actions(vector, seen)]
    return next((found for part in parts for found in part), None)


def _setup(vector: Vector, seen: Sequence[Poked]) -> Iterator[str]:
    recorded = vector["native"].get("setup", [])
    for want, got in zip(recorded, seen, strict=True):
        name = f"poke of DR{want['dr']} = {want['value']}"
        if want["errno"] != got.errno:
            yield f"{name}: errno recorded {want['errno']}, seen {got.errno}"
        read = [hex(value) for value in got.registers]
        if want["readback"] != read[want["dr"]]:
            yield f"{name}: reads {want['readback']}, seen {read[want['dr']]}"
        if want.get("all", read) != read:
            yield f"{name}: registers recorded {want['all']}, seen {read}"


def _stops(vector: Vector, seen: Replayed) -> Iterator[str]:
    recorded = vector["native"]["events"]
    for index, want in enumerate(recorded):
        if want["kind"] == "limit":
            return
        if index >= len(seen.events):
            yield f"stop {index}: recorded {want['kind']} at {want['rip']}, not seen"
            return
        for found in _stop(vector, want, seen.events[index]):
            yield f"stop {index}: {found}"
    if len(seen.events) > len(recorded):
        yield f"one stop too many, at {seen.events[-1].rip:#x}"


def _stop(vector: Vector, want: Mapping[str, Any], got: Event) -> Iterator[str]:
    flags = _compared_flags(vector)
    pairs: list[tuple[str, object, object]] = [
        ("kind", want["kind"], got.kind),
        ("rip", want["rip"], hex(got.rip)),
        ("signal", want["sig"], got.signal),
        ("code", want["code"], got.code),
        ("dr6", want["dr6"], hex(got.dr6)),
        ("rflags", hex(int(want["rflags"], 16) & flags), hex(got.rflags & flags)),
        ("registers", want["regs"], _hex_values(got.registers)),
    ]
    if "fpu-image" not in vector["tags"]:  # which bytes differs between parts
        pairs.append(("memory", _bytes(want["mem"]), _bytes(got.memory)))
    yield from _unequal(pairs)


def _compared_flags(vector: Vector) -> int:
    flags = ~_AF if _SHIFTS.search(vector.get("asm", "")) else ~0
    return flags & ~_ARITHMETIC if "flags-undef" in vector["tags"] else flags


def _actions(vector: Vector, seen: Replayed) -> Iterator[str]:
    recorded = vector["native"]["events"]
    for index, (want, got) in enumerate(zip(recorded, seen.actions, strict=False)):
        if want.get("at_errno", got) != got:
            yield f"stop {index}: errnos recorded {want['at_errno']}, seen {got}"


def _perf(vector: Vector, seen: Replayed) -> Iterator[str]:
    native = vector["native"]
    end, last = native["end"], seen.events[-1]
    yield from _unequal(
        [
            ("errno", [opened["errno"] for opened in native["perf_open"]], seen.errnos),
            ("counts", native["counts"], seen.counts),
            ("samples", native["samples"], [_as_recorded(s) for s in seen.samples]),
            ("signal", end["sig"], last.signal),
            ("rip", end["rip"], hex(last.rip)),
            ("rflags", end["rflags"], hex(last.rflags)),
            ("memory", _bytes(end["mem"]), _bytes(last.memory)),
        ]
    )


def _as_recorded(sample: Sample) -> dict[str, object]:
    return {
        "ev": sample.event,
        "ip": hex(sample.ip),
        "addr": hex(sample.address),
        "rflags": hex(sample.rflags),
        "regs": _hex_values(sample.registers),
    }


def _unequal(pairs: Iterable[tuple[str, object, object]]) -> Iterator[str]:
    for name, recorded, seen in pairs:
        if recorded != seen:
            yield f"{name} recorded {recorded}, seen {seen}"


def _hex_values(values: Mapping[str, int]) -> dict[str, str]:
    return {name: hex(value) for name, value in values.items()}


def _bytes(runs: Iterable[Sequence[str]]) -> dict[int, int]:
    """[[address, hex]] as a map, so that the cutting into runs does not matter."""
    return {
        int(address, 16) + i: byte
        for address, text in runs
        for i, byte in enumerate(bytes.fromhex(text))
    }
