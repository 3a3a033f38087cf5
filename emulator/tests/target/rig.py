"""A machine with one small program on it and a listener that writes down what it is told.

Programs are bytes with their assembly beside them, so that no assembler is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debugreg import ReadWrite
from emulator.target.machine import Machine, Profile
from emulator.target.paging import EXECUTE, READ, WRITE, AddressSpace
from emulator.target.reasons import Stop

CODE, DATA, STACK = 0x400000, 0x600000, 0x7FF000
KERNEL_CODE, KERNEL_DATA = 0xFFFF_FFFF_8100_0000, 0xFFFF_FFFF_8200_0000
KERNEL_STACK = 0xFFFF_FFFF_8300_0000
STACK_TOP_OFFSET = 0x1800
REGION = 0x3000
UD2 = b"\x0f\x0b"
ENDLESS = 1_000_000
_LENGTHS = {1: 0, 2: 1, 8: 2, 4: 3}


def code(*lines: str) -> bytes:
    """Machine code from lines of hex; ends in UD2, which stops the rig."""
    return bytes.fromhex("".join(lines)) + UD2


def enable_bits(
    slot: int, kind: ReadWrite, length: int, *, enabled: bool = True
) -> int:
    """DR7 bits of one slot."""
    control = (_LENGTHS[length] << 2 | kind) << (16 + 4 * slot)
    return control | (2 << 2 * slot if enabled else 0)


@dataclass
class Told:
    """One call of the listener."""

    what: str
    rip: int
    retired: int
    bits: int = 0
    fault: bool = False
    dr6: int = 0
    vector: int = 0
    error: int = 0
    address: int = 0
    registers: tuple[int, ...] = ()
    cpu: int = 0

    @property
    def at(self) -> int:
        """RIP as an offset in the program."""
        return self.rip - (KERNEL_CODE if self.rip >= KERNEL_CODE else CODE)

    def __getattr__(self, name: str) -> int:
        if name not in raw.NAMES:
            raise AttributeError(name)
        return self.registers[raw.NAMES.index(name)]


class Rig:
    """See Told for what it collects. `react` may be replaced by a test."""

    def __init__(
        self,
        program: bytes,
        *,
        user: bool = True,
        registers: Mapping[str, int] | None = None,
        rflags: int = 0x202,
        data: bytes = b"",
        cpus: int = 1,
        seed: int = 0,
        profile: Profile | None = None,
        most: int = 10_000,
    ) -> None:
        self.told: list[Told] = []
        self.react: Callable[[Cpu, Told], None] = lambda _cpu, _told: None
        self.most = most
        self.machine = Machine(
            cpus, 8 << 20, self, seed=seed, profile=profile or Profile()
        )
        self.cpu = self.machine.cpus[0]
        self.unit = self.cpu.unit
        self.code, self.data, self.stack = (
            (CODE, DATA, STACK) if user else (KERNEL_CODE, KERNEL_DATA, KERNEL_STACK)
        )
        self.space: AddressSpace = (
            self.machine.new_space() if user else self.machine.kernel_space
        )
        self.space.map(self.code, REGION, READ | WRITE | EXECUTE)
        self.space.map(self.data, REGION, READ | WRITE)
        self.space.map(self.stack, REGION, READ | WRITE)
        self.space.load(self.code, program)
        self.space.load(self.data, data)
        for cpu in self.machine.cpus:
            self.machine.enter(
                cpu,
                self.space,
                rip=self.code,
                rsp=self.stack + STACK_TOP_OFFSET - 0x400 * cpu.index,
                user=user,
                rflags=rflags,
                registers={"rbx": self.data, **(registers or {})},
            )

    def arm(self, slot: int, address: int, kind: ReadWrite, length: int = 1) -> None:
        """Enable a breakpoint."""
        self.unit.write(slot, address)
        cleared = self.unit.dr7 & ~(0xF << (16 + 4 * slot))
        self.unit.write(7, cleared | enable_bits(slot, kind, length))

    def write(self, address: int, length: int = 1, slot: int = 0) -> None:
        """Watch writes."""
        self.arm(slot, address, ReadWrite.WRITE, length)

    def access(self, address: int, length: int = 1, slot: int = 0) -> None:
        """Watch reads and writes."""
        self.arm(slot, address, ReadWrite.ACCESS, length)

    def execute(self, offset: int, slot: int = 0) -> None:
        """A breakpoint on an instruction of the program."""
        self.arm(slot, self.code + offset, ReadWrite.EXECUTE)

    def run(self, count: int = ENDLESS) -> list[Told]:
        """Run until the program ends; everything that was told."""
        self.stop = self.cpu.run(count)
        return self.told

    def traps(self, count: int = ENDLESS) -> list[tuple[int, int]]:
        """Run; (offset of RIP, bits) of each #DB."""
        return [(t.at, t.bits) for t in self.run(count) if t.what == "#DB"]

    def register(self, name: str) -> int:
        """A register's value now."""
        return self.cpu.regs.read(raw.NAMES.index(name))

    def value(self, offset: int, size: int = 8) -> int:
        """Bytes of the data region as a number."""
        data = self.space.read(self.data + offset, size)
        return int.from_bytes(data, "little")

    # Listener.

    def debug_exception(self, cpu: Cpu, bits: int, *, fault: bool) -> None:
        """Written down; RF is set after a fault, as Linux does."""
        if fault:
            cpu.image_rf = True
        self._tell(cpu, "#DB", bits=bits, fault=fault, dr6=cpu.unit.dr6)

    def breakpoint_exception(self, cpu: Cpu) -> None:
        """Written down; the program goes on."""
        self._tell(cpu, "#BP")

    def exception(self, cpu: Cpu, vector: int, error_code: int, address: int) -> None:
        """Written down; the program ends."""
        cpu.request_stop()
        self._tell(cpu, "fault", vector=vector, error=error_code, address=address)

    def debug_register_written(self, cpu: Cpu, number: int, old: int) -> None:
        """Written down; number stands in bits, the old value in address."""
        self._tell(cpu, "MOV DR", bits=number, address=old)

    def interrupt(self, cpu: Cpu, vector: int) -> None:
        """Written down; the vector stands in vector."""
        self._tell(cpu, "interrupt", vector=vector)

    def system_call(self, cpu: Cpu) -> None:
        """Written down; rax is 0 afterwards."""
        cpu.regs.values[raw.RAX] = 0
        cpu.touch()
        self._tell(cpu, "syscall")

    def _tell(self, cpu: Cpu, what: str, **facts: int) -> None:
        values = tuple(cpu.regs.values)
        told = Told(what, values[raw.RIP], cpu.now, registers=values, **facts)
        told.cpu = cpu.index
        self.told.append(told)
        self.react(cpu, told)
        if len(self.told) >= self.most:
            cpu.request_stop()


COUNTED = Stop.COUNT
