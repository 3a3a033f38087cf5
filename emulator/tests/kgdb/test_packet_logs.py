"""The sessions recorded on real 6.x kernels, once more on the emulated machine: the same
packets get the same replies, and a probe reads the same on both CPUs in between.

`[cpu wN off val]` of a log is the thread of that number making that access; thread numbers,
symbols and addresses are mapped. Of a g reply the PC is compared: the test threads of the
recording were another compiler's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from emulator.tests.gdbstub.packet_log import (
    Access,
    Int3Entry,
    Note,
    Received,
    Sent,
    Snapshot,
    load,
    names,
)
from emulator.tests.kgdb.lab import SYMBOLS, Lab, V

#: Sessions with accesses; the eighth log asks for the kernel's own threads and symbols
#: and is replayed against a stand-in (tests/gdbstub/test_replay.py).
SESSIONS = [name for name in names() if not name.startswith("proto")]
RECORDED_V = 0xFFFFFFFFA0002600
_TEXT = {0x00: "f0", 0x20: "st8", 0x30: "st4"}
_PC = 16 * 16  # hex digits before rip in a g reply


@dataclass(slots=True)
class Turn:
    """One thing that a thread does, and all that was said and read until the next."""

    trigger: Access | Int3Entry | str = ""
    sent: list[bytes] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)
    readings: list[Snapshot] = field(default_factory=list)

    def by_stop(self) -> list[list[bytes]]:
        """What was sent, one list per stop: a step brings another stop."""
        stops: list[list[bytes]] = [[]] if self.sent else []
        for packet in self.sent:
            stops[-1].append(packet)
            if packet == b"s":
                stops.append([])
        return stops


def turns(name: str) -> list[Turn]:
    """A log in the order of doing: there a stop reply stands before what brought it."""
    made = [Turn("attach")]
    for entry in load(name):
        now = made[-1]
        if isinstance(entry, Sent):
            now.sent.append(entry.data)
        elif isinstance(entry, Received):
            stepping = bool(now.sent) and now.sent[-1] == b"s"
            if entry.data.startswith(b"T05") and not stepping:
                now = Turn()
                made.append(now)
            now.said.append(entry.data)
        elif isinstance(entry, Snapshot):
            now.readings.append(entry)
        elif isinstance(entry, Access | Int3Entry):
            if entry.stop is None:
                made.append(Turn(entry))
            else:
                now.trigger = entry
        elif isinstance(entry, Note) and entry.text.startswith(
            ("wp stop", "exec stop")
        ):
            now.trigger = entry.text.split()[0]
        elif isinstance(entry, Note) and "KERNEL STOPPED" in entry.text:
            # Nobody was connected: the kernel stopped all the same and said nothing.
            made.append(Turn("foreign"))
    return made


def address(recorded: int) -> int:
    """Where it is here."""
    if recorded >= RECORDED_V:
        return V + recorded - RECORDED_V
    base = recorded & 0xF0
    return SYMBOLS[_TEXT[base]] + (recorded & 0xF)


def mapped(packet: bytes) -> str:
    """A packet of the log with addresses of this machine."""
    parts = packet.decode().split(",")
    if parts[0][:1] in ("Z", "z"):
        parts[1] = f"{address(int(parts[1], 16)):x}"
    return ",".join(parts)


def first_pid(name: str) -> int:
    """Of the thread kgt0."""
    for entry in load(name):
        if isinstance(entry, Access) and entry.stop is not None:
            return int(entry.stop[10:-1], 16) - entry.task
    return 0x22


class Replay:
    """One log against one machine."""

    def __init__(self, name: str) -> None:
        variant = {"g": "g-bare", "h": "h-bare"}[name[-1]]
        self.lab = Lab(variant, first_pid=first_pid(name))
        if name.startswith("W8"):
            attr = self.lab.perf_attr(V + 128)
            self.lab.system.model.breakpoints.register_wide_hw_breakpoint(0, attr)

    def run(self, turn: Turn) -> list[str]:
        """Do it; what the stub said."""
        known = len(self.lab.replies)
        for packets in turn.by_stop():
            self.lab.at_next_stop(*map(mapped, packets))
        self._trigger(turn.trigger)
        return self.lab.replies[known:]

    def _trigger(self, trigger: Access | Int3Entry | str) -> None:
        lab = self.lab
        if isinstance(trigger, Int3Entry):
            lab.int3(trigger.cpu)
        elif isinstance(trigger, Access):
            self._access(trigger)
        elif trigger == "wp":
            lab.write(0)
        elif trigger == "exec":
            lab.call(0)
        elif trigger == "foreign":
            lab.write(0, 128)
        else:
            lab.int3(0)

    def _access(self, access: Access) -> None:
        lab, task = self.lab, access.task
        if access.operation == "f0":
            lab.call(task)
        elif access.operation == "cvd6":
            lab.system.tasks[task].thread.virtual_dr6 = 0
        elif access.operation == "r8":
            lab.read(task, access.arguments[0])
        else:
            size = int(access.operation[1:])
            lab.write(task, access.arguments[0], size=size)


def said(data: bytes) -> str:
    """What is compared of a packet of the log."""
    text = data.decode("latin-1")
    if len(text) > _PC:
        here = int.from_bytes(bytes.fromhex(text[_PC : _PC + 16]), "little")
        return f"pc {address(here):#x}"
    return text


def heard(text: str) -> str:
    """The same of a packet of this machine."""
    if len(text) > _PC:
        return f"pc {int.from_bytes(bytes.fromhex(text[_PC : _PC + 16]), 'little'):#x}"
    return text


def probe(lab: Lab, shot: Snapshot) -> dict[str, object]:
    """This machine where the probe module read that one."""
    unit = lab.system.machine.cpus[shot.cpu].unit
    state = lab.system.model.states[shot.cpu]
    read: dict[str, object] = {
        "hw7": unit.dr7,
        "c7": state.cpu_dr7,
        "dr6": unit.dr6,
        "dr": tuple(unit.address),
        "slots": sum(1 << n for n, bp in enumerate(state.bp_per_reg) if bp),
        "kgdb_enabled": lab.enabled(),
        "counts": tuple(lab.counts(shot.cpu)),
    }
    if shot.task.startswith("kgt"):
        read["vd6"] = lab.vd6(int(shot.task[3:]))
    return read


def recorded(shot: Snapshot) -> dict[str, object]:
    """What the probe module read."""
    read: dict[str, object] = {
        "hw7": shot.hw7,
        "c7": shot.c7,
        "dr6": shot.dr6,
        "dr": tuple(address(a) if a else 0 for a in shot.dr),
        "slots": shot.slots,
        "kgdb_enabled": shot.kgdb_enabled,
        "counts": shot.counts,
    }
    if shot.task.startswith("kgt"):
        read["vd6"] = shot.vd6
    return read


@pytest.mark.parametrize("name", SESSIONS)
def test_the_same_packets_get_the_same_replies(name: str) -> None:
    replay = Replay(name)

    for turn in turns(name):
        answers = replay.run(turn)
        assert list(map(heard, answers)) == list(map(said, turn.said)), turn.trigger


@pytest.mark.parametrize("name", SESSIONS)
def test_the_probe_reads_the_same_on_both_cpus(name: str) -> None:
    replay = Replay(name)

    for turn in turns(name):
        replay.run(turn)
        for shot in turn.readings:
            assert probe(replay.lab, shot) == recorded(shot), shot.label


def test_the_logs_have_many_readings() -> None:
    shots = [
        shot for name in SESSIONS for turn in turns(name) for shot in turn.readings
    ]

    assert len(shots) > 100
