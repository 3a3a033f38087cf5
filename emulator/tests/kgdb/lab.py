"""A machine with the probe's test threads, driven step by step: who accesses what, what the
debugger says at each stop, and what both CPUs' registers hold in between.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.boot import boot
from emulator.core.perf_event import BpType, PerfEventAttr
from emulator.gdbstub.faithful.face import FaithfulFace
from emulator.gdbstub.packet import encode
from emulator.gdbstub.stub import Stub
from emulator.kgdb.ports import Answer, Stop
from emulator.kgdb.serial_stub import SerialStub
from emulator.kgdb.stub_target import KgdbTarget, rules_of
from emulator.programs import load_elf
from emulator.recipe import parse
from emulator.recorder import Recorder
from emulator.tasks import Task
from emulator.tests.core.recording import Notes
from emulator.variants import variant_named

_IMAGE = Path(__file__).with_name("lab.elf").read_bytes()
SYMBOLS = load_elf(_IMAGE).addresses
V = SYMBOLS["v"]
READ8, WRITE8, WRITE4, CALL, INT3 = 1, 2, 3, 4, 5
_MAILBOX = 32
#: LE, GE and the fixed bit: not compared when the recording says SAME or STALE.
_IDLE_BITS = 0xFF00


#: A packet, or how it follows from the replies so far.
Said = str | Callable[[list[str]], str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One stop as the debugger saw it."""

    pid: int
    pc: int
    vector: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the probe module reads on one CPU."""

    hw7: int
    c7: int
    dr6: int
    vd6: int
    addresses: tuple[int, ...]

    @property
    def same(self) -> bool:
        """HW7 and C7 agree, bits 8 to 15 left out."""
        return not (self.hw7 ^ self.c7) & ~_IDLE_BITS


class Lab:
    """Two CPUs, four threads: kgt0 and kgt2 on the first, kgt1 and kgt3 on the second."""

    def __init__(self, variant: str, *, first_pid: int = 0x22, **recipe: Any) -> None:
        self.notes = Notes()
        self.recorder: Recorder = self.notes.recorder
        document = {
            "format": 1,
            "machine": {"cpus": 2, "memory": 8 << 20},
            "images": [
                {
                    "name": "lab",
                    "sha256": hashlib.sha256(_IMAGE).hexdigest(),
                    "format": "elf64",
                }
            ],
            "tasks": [
                {
                    "name": f"kgt{n}",
                    "pid": first_pid + n,
                    "image": "lab",
                    "mode": "kernel",
                    "cpu": n % 2,
                }
                for n in range(4)
            ],
            "variant": {"base": variant_named(variant).id},
            "kgdb": {},
            "limits": {
                "instructions": 10**9,
                "events": 10**6,
                "memory": 16 << 20,
                "wall_ms": 60_000,
                "output": 0,
                "restops": 50,
            },
            **recipe,
        }
        made = parse(document)
        self.system = boot(
            made,
            {made.images[0].sha256: _IMAGE},
            self.recorder,
            on_output=lambda *_: None,
            boundary=lambda _cpu: None,
        )
        self.kgdb = self.system.model.kgdb
        assert self.kgdb is not None
        target = KgdbTarget(self.kgdb, self.system.processors)
        self.stub = Stub(FaithfulFace(target, rules_of(self.system.model.switches)))
        self.kgdb.debugger = SerialStub(self.stub, self, self.recorder)
        self.stops: list[Seen] = []
        self.replies: list[str] = []
        self._packets: deque[list[Said]] = deque()
        self._now: list[Said] = []
        self._acks = 0
        for task in self.system.tasks:
            task.first_registers["rdi"] = self._mailbox(task)
        self.system.machine.cpus[0].run(0)

    # The debugger.

    def stopped(self, stop: Stop) -> None:
        """The next list of packets is for this stop."""
        self.stops.append(Seen(stop.frame.thread.pid, stop.frame.regs.ip, stop.vector))
        self._now = self._packets.popleft() if self._packets else []

    def send(self, data: bytes) -> None:
        """What the stub says; each packet of it will be acknowledged."""
        for payload in re.findall(rb"\$([^#]*)#", data):
            self.replies.append(payload.decode("latin-1"))
            self._acks += 1

    def resumed(self, answer: Answer, *, interrupted: bool) -> None:
        """The test looks at the machine itself."""

    def receive(self) -> bytes:
        """An acknowledgement that is due, the next packet, in the end c."""
        if self._acks:
            self._acks -= 1
            return b"+"
        packet = self._now.pop(0) if self._now else "c"
        if not isinstance(packet, str):
            packet = packet(self.replies)
        return encode(packet.encode("latin-1"))

    def at_next_stop(self, *packets: Said) -> None:
        """What the debugger will say at a stop for which nothing was said before."""
        self._packets.append(list(packets))

    def watch(self, *packets: Said) -> None:
        """A stop by int3 on CPU 0 in which these are sent."""
        self.at_next_stop(*packets)
        self.int3(0)

    # The threads.

    def write(self, thread: int, offset: int = 0, *, size: int = 8) -> list[Seen]:
        """kgt<thread> stores at v + offset; the stops that came of it."""
        return self._command(thread, WRITE8 if size == 8 else WRITE4, V + offset)

    def read(self, thread: int, offset: int = 0) -> list[Seen]:
        """It loads 8 bytes."""
        return self._command(thread, READ8, V + offset)

    def call(self, thread: int) -> list[Seen]:
        """It calls f0."""
        return self._command(thread, CALL, 0)

    def int3(self, thread: int) -> list[Seen]:
        """It runs into kgdb_breakpoint()."""
        return self._command(thread, INT3, 0)

    def _command(self, thread: int, command: int, address: int) -> list[Seen]:
        task = self.system.tasks[thread]
        known = len(self.stops)
        space, box = task.space, self._mailbox(task)
        cpu = self.system.machine.cpus[task.cpu]
        space.load(box + 8, address.to_bytes(8, "little"))
        space.load(box, command.to_bytes(8, "little"))
        for _ in range(20):
            self.system.scheduler.prefer(task)
            self.system.scheduler.pick(cpu)
            cpu.run(100)
            idle = not int.from_bytes(space.read(box, 8), "little")
            if idle or self.system.kernel.outcome is not None:
                break
        self.system.judge.settle()
        return self.stops[known:]

    def _mailbox(self, task: Task) -> int:
        return SYMBOLS["mailboxes"] + self.system.tasks.index(task) * _MAILBOX

    # The probe.

    def reading(self, cpu: int) -> Reading:
        """Read natively on that CPU."""
        unit = self.system.machine.cpus[cpu].unit
        state = self.system.model.states[cpu]
        thread = self.system.scheduler.current.get(cpu)
        vd6 = 0 if thread is None else thread.thread.virtual_dr6
        return Reading(unit.dr7, state.cpu_dr7, unit.dr6, vd6, tuple(unit.address))

    def vd6(self, thread: int) -> int:
        """thread.virtual_dr6 of kgt<thread>."""
        return self.system.tasks[thread].thread.virtual_dr6

    def counts(self, cpu: int) -> list[int]:
        """perf's counts of kgdb's four events on a CPU."""
        breaks = self.system.model.kgdb_breaks
        assert breaks is not None
        return [breaks.event(entry, cpu).count for entry in breaks.table.entries]

    @staticmethod
    def perf_attr(address: int) -> PerfEventAttr:
        """A write breakpoint of 8 bytes for somebody who is not kgdb."""
        return PerfEventAttr(address, 8, BpType.W)

    def enabled(self) -> int:
        """Mask of enabled breakinfo entries."""
        assert self.kgdb is not None
        return sum(1 << e.index for e in self.kgdb.hw.table.enabled())
