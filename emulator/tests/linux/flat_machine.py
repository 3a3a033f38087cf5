"""The two Protocols of emulator.linux straight on Unicorn: one flat user address space.

Enough to run a static program to its end, without paging, debug unit or kernel model.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from unicorn import UC_ARCH_X86, UC_HOOK_INSN, UC_MODE_64, Uc, UcError
from unicorn import x86_const as x86

from emulator.errors import KernelError
from emulator.linux import Process, ProcessSpec, SyscallResult
from emulator.linux.errno import Errno
from emulator.linux.signal_state import Fate
from emulator.programs import Program

ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")


class UnicornMemory:
    """UserMemory on uc.mem_*."""

    def __init__(self, uc: Uc) -> None:
        self._uc = uc

    def read(self, address: int, length: int) -> bytes:
        try:
            return bytes(self._uc.mem_read(address, length))
        except UcError as error:
            raise KernelError(Errno.EFAULT, str(error)) from error

    def write(self, address: int, data: bytes) -> None:
        try:
            self._uc.mem_write(address, data)
        except UcError as error:
            raise KernelError(Errno.EFAULT, str(error)) from error

    load = write

    def map(self, address: int, length: int, protection: int) -> None:
        self.unmap(address, length)
        try:
            self._uc.mem_map(address, length, protection)
        except UcError as error:
            raise KernelError(Errno.ENOMEM, str(error)) from error

    def unmap(self, address: int, length: int) -> None:
        for start, end, _ in list(self._uc.mem_regions()):
            low, high = max(start, address), min(end + 1, address + length)
            if low < high:
                self._uc.mem_unmap(low, high - low)

    def protect(self, address: int, length: int, protection: int) -> None:
        self._uc.mem_protect(address, length, protection)


class UnicornRegisters:
    """Registers on uc.reg_*."""

    def __init__(self, uc: Uc) -> None:
        self._uc = uc

    def get(self, name: str) -> int:
        return int(self._uc.reg_read(getattr(x86, f"UC_X86_REG_{name.upper()}")))

    def set(self, name: str, value: int) -> None:
        self._uc.reg_write(getattr(x86, f"UC_X86_REG_{name.upper()}"), value)


@dataclass
class Ended:
    """How a program ended."""

    status: int | None
    out: bytes
    err: bytes
    unknown: list[int]
    calls: list[tuple[int, SyscallResult]] = field(default_factory=list)


def run(program: Program, spec: ProcessSpec, *, most: int = 50_000_000) -> Ended:
    """Run to exit, or to `most` instructions (status None)."""
    uc = Uc(UC_ARCH_X86, UC_MODE_64)
    registers = UnicornRegisters(uc)
    written: dict[int, bytearray] = {1: bytearray(), 2: bytearray()}
    ended = Ended(None, b"", b"", [])
    process = Process(
        spec,
        program,
        UnicornMemory(uc),
        registers,
        output=lambda fd, data: written[fd].extend(data),
        # Grows with every call, as the clock of a run does; and is the same each time.
        clock=lambda: 1000 * len(ended.calls),
    )

    def on_syscall(engine: Uc, _data: object) -> None:
        number = registers.get("rax")
        result = process.syscall(number, [registers.get(n) for n in ARGUMENTS])
        ended.calls.append((number, result))
        if result.unknown:
            ended.unknown.append(number)
        sent = process.signals.take()
        if sent is not None and process.signals.fate(sent.number) is Fate.ENDS:
            ended.status = sent.number
            engine.emu_stop()
        if result.exited is not None or result.blocked:
            ended.status = result.exited
            engine.emu_stop()
        registers.set("rax", result.value & (1 << 64) - 1)
        registers.set("rcx", registers.get("rip") + 2)
        registers.set("r11", registers.get("rflags"))

    uc.hook_add(UC_HOOK_INSN, on_syscall, None, 1, 0, x86.UC_X86_INS_SYSCALL)
    process.start()
    uc.emu_start(registers.get("rip"), 0, count=most)
    ended.out, ended.err = bytes(written[1]), bytes(written[2])
    return ended
