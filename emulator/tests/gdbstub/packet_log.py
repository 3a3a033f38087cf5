"""Reads the packet logs of real kernels under kgdb (kgdb-packets.tar.xz) into typed entries.

A log holds both directions as the client saw them, with readings of a probe module in
between. Acknowledgements of the kernel are logged when they were read, which after a
``c`` is as late as the next stop; those of the client are not logged.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("kgdb-packets.tar.xz")


@dataclass(frozen=True, slots=True)
class Sent:
    """-> $data#ck: the client's packet."""

    time: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """<- $data#ck: the kernel's packet."""

    time: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Ack:
    """<- ack +"""

    time: float


@dataclass(frozen=True, slots=True)
class Silence:
    """(no reply in 2s): the kernel ran."""

    time: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """SNAP: what the probe module read on one CPU."""

    time: float
    label: str
    own: bool
    """The CPU that the probe was started on; the other one was asked by IPI."""
    cpu: int
    hw7: int
    c7: int
    same: bool
    """HW7 and C7 agree, bits 8 to 15 aside."""
    dr6: int
    vd6: int
    """thread.virtual_dr6 of task."""
    dr: tuple[int, int, int, int]
    slots: int
    """Bit n: bp_per_reg[n] has an owner."""
    kgdb_enabled: int
    """Bit n: breakinfo[n].enabled."""
    counts: tuple[int, int, int, int]
    """perf count of kgdb's event n on this CPU."""
    task: str


@dataclass(frozen=True, slots=True)
class MonitorReading:
    """QEMU's view of one CPU."""

    time: float
    label: str
    cpu: int
    dr7: int
    dr6: int


@dataclass(frozen=True, slots=True)
class Access:
    """[task op args]: a thread of the test module did something, and what came of it."""

    time: float
    label: str
    task: int
    """n of kgt<n>; even ones are on CPU 0, odd ones on CPU 1."""
    operation: str
    """w4, w8, r8: bytes of v at an offset; f0: call of f0; cvd6: virtual DR6 = 0."""
    arguments: tuple[int, ...]
    """Offset into v, then the value."""
    stop: bytes | None
    """The stop reply, None for "no stop"."""
    pc: int | None


@dataclass(frozen=True, slots=True)
class Int3Entry:
    """The test module executed an int3 to get into the debugger."""

    time: float
    cpu: int
    stop: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """Everything else that begins with ##."""

    time: float
    text: str


Entry = (
    Sent
    | Received
    | Ack
    | Silence
    | Snapshot
    | MonitorReading
    | Access
    | Int3Entry
    | Note
)

_LINE = re.compile(r" *(?P<time>\d+\.\d{3}) (?P<text>.*)")
_PACKET = re.compile(r"(?P<way>->|<-) \$(?P<data>.*)#(?P<sum>[0-9a-f]{2})")
_SNAP = re.compile(
    r"(?P<label>.*): SNAP (?P<who>self|other) +cpu(?P<cpu>\d) HW7=(?P<hw7>\w+) "
    r"C7=(?P<c7>\w+) (?P<same>SAME|STALE) DR6=(?P<dr6>\w+) vd6=(?P<vd6>\w+) "
    r"DR0=(?P<dr0>\w+) DR1=(?P<dr1>\w+) DR2=(?P<dr2>\w+) DR3=(?P<dr3>\w+) "
    r"slots=(?P<slots>\w+) kgdb_en=(?P<en>\w+) cnt=(?P<cnt>[\d,]+) task=(?P<task>.*)"
)
_MONITOR = re.compile(r"(?P<label>.*): QEMU monitor: (?P<cpus>.*)")
_MONITOR_CPU = re.compile(r"cpu(\d) DR7=(\w+) DR6=(\w+)")
_ACCESS = re.compile(
    r"(?P<label>.*): \[(?P<task>\d) (?P<op>\w+)(?P<args>[\d ]*)\] "
    r"(?:no stop|STOP (?P<stop>\S+) pc=(?P<pc>\w+))"
)
_INT3 = re.compile(r"int3 entry on cpu(?P<cpu>\d): (?P<stop>.*)")


@cache
def names() -> tuple[str, ...]:
    """The logs, without their suffix; the last letter is the variant."""
    with tarfile.open(FILE) as archive:
        return tuple(name.removesuffix(".log") for name in archive.getnames())


@cache
def load(name: str) -> tuple[Entry, ...]:
    """The entries of one log."""
    with tarfile.open(FILE) as archive:
        member = archive.extractfile(f"{name}.log")
        assert member is not None
        return tuple(parse(member.read().decode()))


def parse(text: str) -> Iterator[Entry]:
    """The entries of a log's text; its first line says which machine it was."""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        assert found, line
        yield from _entries(float(found["time"]), found["text"])


def _entries(time: float, text: str) -> Iterator[Entry]:
    if text == "<- ack +":
        yield Ack(time)
    elif packet := _PACKET.fullmatch(text):
        data = packet["data"].encode()
        assert sum(data) & 0xFF == int(packet["sum"], 16), text
        yield Sent(time, data) if packet["way"] == "->" else Received(time, data)
    elif text.startswith("## "):
        yield from _remark(time, text.removeprefix("## "))
    else:
        assert "no reply in 2s" in text, text
        yield Silence(time)


def _remark(time: float, text: str) -> Iterator[Entry]:
    for pattern, read in _REMARKS:
        if found := pattern.fullmatch(text):
            yield from read(time, found)
            return
    yield Note(time, text)


def _snapshot(time: float, found: re.Match[str]) -> Iterator[Entry]:
    registers = tuple(int(found[f"dr{n}"], 16) for n in range(4))
    counts = tuple(map(int, found["cnt"].split(",")))
    assert len(registers) == len(counts) == 4
    yield Snapshot(
        time=time,
        label=found["label"],
        own=found["who"] == "self",
        cpu=int(found["cpu"]),
        hw7=int(found["hw7"], 16),
        c7=int(found["c7"], 16),
        same=found["same"] == "SAME",
        dr6=int(found["dr6"], 16),
        vd6=int(found["vd6"], 16),
        dr=registers,
        slots=int(found["slots"], 16),
        kgdb_enabled=int(found["en"], 16),
        counts=counts,
        task=found["task"],
    )


def _monitor(time: float, found: re.Match[str]) -> Iterator[Entry]:
    for cpu, dr7, dr6 in _MONITOR_CPU.findall(found["cpus"]):
        yield MonitorReading(time, found["label"], int(cpu), int(dr7, 16), int(dr6, 16))


def _access(time: float, found: re.Match[str]) -> Iterator[Entry]:
    yield Access(
        time=time,
        label=found["label"],
        task=int(found["task"]),
        operation=found["op"],
        arguments=tuple(map(int, found["args"].split())),
        stop=found["stop"].encode() if found["stop"] else None,
        pc=int(found["pc"], 16) if found["pc"] else None,
    )


def _int3(time: float, found: re.Match[str]) -> Iterator[Entry]:
    yield Int3Entry(time, int(found["cpu"]), found["stop"].encode())


_REMARKS: tuple[
    tuple[re.Pattern[str], Callable[[float, re.Match[str]], Iterator[Entry]]], ...
] = (
    (_SNAP, _snapshot),
    (_MONITOR, _monitor),
    (_ACCESS, _access),
    (_INT3, _int3),
)
