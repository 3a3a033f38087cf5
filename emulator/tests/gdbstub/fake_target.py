"""A machine made of dictionaries, and a client that talks to its stub."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import KernelError
from emulator.gdbstub.actions import ResumeKind
from emulator.gdbstub.faithful.face import FaithfulFace
from emulator.gdbstub.full.face import FullFace
from emulator.gdbstub.packet import encode
from emulator.gdbstub.registers import FEATURES
from emulator.gdbstub.rules import FaithfulRules
from emulator.gdbstub.stub import Exchange, Face, Stub
from emulator.gdbstub.target import BreakpointKind, MemoryRegion, Task

PAGE = 0x1000
EPERM, ENOENT, E2BIG, EFAULT, EEXIST, EINVAL = 1, 2, 7, 14, 17, 22
ALL_REGISTERS = tuple(r.name for f in FEATURES for r in f.registers)
#: KGDB_MAX_BREAKPOINTS
MOST_SOFTWARE = 1000

KGT0, KGT1 = Task(0x22, "kgt0", cpu=0), Task(0x23, "kgt1", cpu=1)
IDLE0, IDLE1 = Task(0, "swapper/0", cpu=0), Task(0, "swapper/1", cpu=1)
INIT, RCU = Task(1, "sh"), Task(0xB, "rcu_sched")


@dataclass
class FakeThreads:
    """Two CPUs, one of them idle."""

    running: list[Task] = field(default_factory=lambda: [KGT0, IDLE1])
    listed: list[Task] = field(default_factory=lambda: [INIT, RCU, KGT0])
    current_cpu: int = 0

    @property
    def cpus(self) -> int:
        return len(self.running)

    def on_cpu(self, cpu: int) -> Task:
        return self.running[cpu]

    def tasks(self) -> Sequence[Task]:
        return self.listed


@dataclass
class FakeRegisters:
    """Values by thread; what is not there is not known."""

    values: dict[int, dict[str, int]] = field(default_factory=dict)
    names: Collection[str] = ALL_REGISTERS
    read_only: frozenset[str] = frozenset(("cpu_dr7",))

    def read(self, thread: int) -> Mapping[str, int]:
        return dict(self.values.get(thread, {}))

    def write(self, thread: int, values: Mapping[str, int]) -> None:
        refused = self.read_only & values.keys()
        if refused:
            raise KernelError(EPERM, f"{min(refused)} is the kernel's own")
        self.values.setdefault(thread, {}).update(values)


class FakeMemory:
    """Pages by number."""

    def __init__(self, *addresses: int) -> None:
        self.pages = {a // PAGE: bytearray(PAGE) for a in addresses}

    def load(self, address: int, data: bytes) -> None:
        self.pages.setdefault(address // PAGE, bytearray(PAGE))
        self.write(0, address, data)

    def read(self, thread: int, address: int, length: int) -> bytes:
        found = bytearray()
        while len(found) < length:
            number, offset = divmod(address + len(found), PAGE)
            if number not in self.pages:
                break
            found += self.pages[number][offset : offset + length - len(found)]
        if not found:
            raise KernelError(EFAULT, f"{address:#x} is not mapped")
        return bytes(found)

    def write(self, thread: int, address: int, data: bytes) -> None:
        for at, byte in enumerate(data, address):
            number, offset = divmod(at, PAGE)
            if number not in self.pages:
                raise KernelError(EFAULT, f"{at:#x} is not mapped")
            self.pages[number][offset] = byte


@dataclass
class FakeBreakpoints:
    """kgdb's two tables: breakinfo[4], and int3s."""

    kinds: Collection[BreakpointKind] = frozenset(BreakpointKind) - {
        BreakpointKind.READ
    }
    hardware: list[tuple[BreakpointKind, int, int]] = field(default_factory=list)
    software: list[int] = field(default_factory=list)

    def insert(self, kind: BreakpointKind, address: int, length: int) -> None:
        if kind is BreakpointKind.SOFTWARE:
            self._insert_software(address)
            return
        length = 1 if kind is BreakpointKind.HARDWARE else length
        wrong = kind is BreakpointKind.READ or length not in (1, 2, 4, 8)
        if wrong or len(self.hardware) == 4:
            raise KernelError(EPERM, "kgdb_set_hw_break failed")
        self.hardware.append((kind, address, length))

    def _insert_software(self, address: int) -> None:
        if address in self.software:
            raise KernelError(EEXIST, "there is one already")
        if len(self.software) == MOST_SOFTWARE:
            raise KernelError(E2BIG, "no room for another")
        self.software.append(address)

    def remove(self, kind: BreakpointKind, address: int, length: int) -> None:
        if kind is BreakpointKind.SOFTWARE:
            if address not in self.software:
                raise KernelError(ENOENT, "no such breakpoint")
            self.software.remove(address)
            return
        found = [b for b in self.hardware if b[1] == address]
        if not found:
            raise KernelError(EPERM, "no such breakpoint")
        self.hardware.remove(found[0])

    def remove_all(self) -> None:
        self.hardware.clear()
        self.software.clear()


@dataclass
class FakeConditions:
    """Keeps what it was told."""

    inserted: list[tuple[BreakpointKind, int, int, list[bytes]]] = field(
        default_factory=list
    )

    def insert_conditional(
        self,
        kind: BreakpointKind,
        address: int,
        length: int,
        conditions: Sequence[bytes],
    ) -> None:
        self.inserted.append((kind, address, length, list(conditions)))


@dataclass
class FakeResumption:
    kinds: Collection[ResumeKind] = tuple(ResumeKind)


@dataclass
class FakeMonitor:
    """Says what it was asked."""

    commands: Mapping[str, str] = field(
        default_factory=lambda: {"slots": "Who holds them.", "dr": "DR0 to DR7."}
    )

    def run(self, name: str, arguments: Sequence[str]) -> str:
        if "bad" in arguments:
            raise KernelError(EINVAL, "bad argument")
        return " ".join((name, *arguments))


@dataclass
class FakeSurroundings:
    path: str | None = "/boot/vmlinux"
    regions: Sequence[MemoryRegion] | None = (MemoryRegion(0, 1 << 47),)

    def exec_file(self) -> str | None:
        return self.path

    def memory_map(self) -> Sequence[MemoryRegion] | None:
        return self.regions


@dataclass
class FakeTarget:
    """Everything there is, unless a test takes something away."""

    threads: FakeThreads = field(default_factory=FakeThreads)
    registers: FakeRegisters | None = field(default_factory=FakeRegisters)
    memory: FakeMemory | None = field(default_factory=FakeMemory)
    breakpoints: FakeBreakpoints | None = field(default_factory=FakeBreakpoints)
    conditions: FakeConditions | None = None
    resumption: FakeResumption | None = field(default_factory=FakeResumption)
    monitor: FakeMonitor | None = field(default_factory=FakeMonitor)
    surroundings: FakeSurroundings | None = field(default_factory=FakeSurroundings)


class Client:
    """Sends one packet at a time and acknowledges, as gdb does."""

    def __init__(self, face: Face) -> None:
        self.stub = Stub(face)
        self.stub.connect()
        self.last = Exchange()

    def send(self, data: bytes) -> Exchange:
        """The bytes of a packet, nothing acknowledged."""
        self.last = self.stub.feed(encode(data))
        return self.last

    def ask(self, data: bytes) -> bytes | None:
        """The last packet of the answer; None when there was none."""
        exchange = self.send(data)
        answers = [p.data for p in exchange.packets if p.direction == "out"]
        while True:
            more = self.stub.feed(b"+")
            self.last.actions += more.actions
            found = [p.data for p in more.packets]
            if not found:
                return answers[-1] if answers else None
            answers += found

    def texts(self, data: bytes) -> list[bytes]:
        """All packets of the answer."""
        exchange = self.send(data)
        packets = list(exchange.packets)
        while more := self.stub.feed(b"+").packets:
            packets += more
        return [p.data for p in packets if p.direction == "out"]


def faithful(target: FakeTarget | None = None, **rules: Any) -> Client:
    """A client of a kernel; rules differ from the recorded ones."""
    return Client(FaithfulFace(target or FakeTarget(), FaithfulRules(**rules)))


def full(target: FakeTarget | None = None) -> Client:
    """A client of the full face."""
    return Client(FullFace(target or FakeTarget()))
