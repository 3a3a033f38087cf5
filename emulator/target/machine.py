"""The machine: CPUs over one physical memory, a GDT, and the way into a task.

Linux' own selectors are used (arch/x86/include/asm/segment.h). Exceptions never go
through an IDT: the engine tells the listener, which is the kernel of this machine.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from unicorn import x86_const as x86

from emulator.target import debugreg, raw
from emulator.target.code_watch import CodeWatch
from emulator.target.cpu import Cpu
from emulator.target.cpuid import CpuId
from emulator.target.debug_unit import DebugUnit
from emulator.target.emulated import HostInstructions
from emulator.target.movdr import move_debug_register
from emulator.target.paging import EXECUTE, READ, WRITE, AddressSpace
from emulator.target.ram import PAGE, Ram
from emulator.target.raw import RawEngine
from emulator.target.traps import Listener, Vector

KERNEL_CS, KERNEL_DS, USER_DS, USER_CS = 0x10, 0x18, 0x2B, 0x33
#: Where the machine keeps what it needs for itself, out of the way of programs.
_OWN = 0xFFFF_FF80_0000_0000
_GDT, _STUB, _STACKS = _OWN, _OWN + PAGE, _OWN + 2 * PAGE
_IRETQ = bytes.fromhex("48cf")
_EFER = 0xC0000080
_EFER_VALUE = 0xD01  # NX, LMA, LME, SCE
_CR0_VALUE = 0x80050033  # PG, AM, WP, NE, ET, MP, PE
_CR4_VALUE = 0x6A4  # OSXMMEXCPT, OSFXSR, PGE, PAE, TSD (rdtsc at CPL3 faults)
_OTHER_REGISTERS = {"fpcw": x86.UC_X86_REG_FPCW, "mxcsr": x86.UC_X86_REG_MXCSR}
_RFLAGS_FIXED = 2
_FPU_CONTROL, _MXCSR = 0x37F, 0x1F80  # as Linux starts a task


def _descriptor(kind: int, privilege: int, *, code: bool) -> int:
    access = 0x90 | kind | privilege << 5
    size = 1 << 53 if code else 1 << 54  # L for code, D/B for data
    return 0xFFFF | 0xF << 48 | access << 40 | size | 1 << 55


_DESCRIPTORS = {
    KERNEL_CS: _descriptor(0xB, 0, code=True),
    KERNEL_DS: _descriptor(0x3, 0, code=False),
    USER_DS & ~3: _descriptor(0x3, 3, code=False),
    USER_CS & ~3: _descriptor(0xB, 3, code=True),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """Properties of the modelled part that differ between processors (recipe: profiles)."""

    dr6_fixed_bits_read_as_one: bool = True
    hypervisor: bool = False
    """CPUID's hypervisor bit."""
    shadow_inhibits_execute: bool = False
    """No execute breakpoint on the instruction after MOV SS (Intel)."""
    rep_slack: int = 0
    """Iterations that a rep runs on after a data hit before the trap is taken."""


class Machine:
    """CPUs, memory and address spaces; knows nothing of Linux."""

    def __init__(
        self, cpus: int, memory: int, listener: Listener, *, seed: int, profile: Profile
    ) -> None:
        self.ram = Ram(memory)
        self.kernel_space = AddressSpace(self.ram)
        self._host = HostInstructions(seed)
        self._cpuids: list[CpuId] = []
        self._build_own(cpus)
        self.cpus = [self._cpu(i, listener, profile) for i in range(cpus)]
        if cpus > 1:
            for cpu in self.cpus:
                cpu.hook_sync.code_watch = CodeWatch(
                    cpu.engine, partial(self.code_changed, writer=cpu)
                )
        self._pristine = [self._save(cpu) for cpu in self.cpus]

    def new_space(self) -> AddressSpace:
        """An mm with an empty lower half."""
        return AddressSpace(self.ram, self.kernel_space)

    def enter(
        self,
        cpu: Cpu,
        space: AddressSpace,
        *,
        rip: int,
        rsp: int,
        user: bool,
        rflags: int = 0x202,
        registers: Mapping[str, int] | None = None,
    ) -> None:
        """Put the CPU at the first instruction of a task, as IRETQ would."""
        self._pristine[cpu.index].restore()
        cpu.regs.write(raw.CR3, space.root)
        code, stack = (USER_CS, USER_DS) if user else (KERNEL_CS, KERNEL_DS)
        frame = struct.pack("<5Q", rip, code, rflags & ~0x100, rsp, stack)
        top = _STACKS + (cpu.index + 1) * PAGE - len(frame)
        self.kernel_space.load(top, frame)
        cpu.regs.write(raw.RSP, top)
        cpu.regs.write(raw.RIP, _STUB)
        raw.check(cpu.engine.start(_STUB, 1))
        cpu.engine.flush_blocks()  # the next block was translated ahead, without hooks
        for name, value in (registers or {}).items():
            if name in raw.NAMES:
                cpu.regs.write(raw.NAMES.index(name), value)
            else:
                cpu.engine.write_register(_OTHER_REGISTERS[name], value)
        if rflags & 0x100:
            cpu.regs.write(raw.EFLAGS, rflags | _RFLAGS_FIXED)
        cpu.switch_space(space)

    def send(self, cpu: int, vector: int) -> None:
        """Interrupt another CPU: it takes the vector before its next instruction,
        NMI (2) first. A vector that is pending already is not taken twice."""
        pending = self.cpus[cpu].interrupts_pending
        if vector in pending:
            return
        if vector == Vector.NMI:
            pending.appendleft(vector)
        else:
            pending.append(vector)

    def code_changed(self, writer: Cpu | None = None) -> None:
        """Bytes that may be code were written: no other engine may keep them."""
        for cpu in self.cpus:
            if cpu is not writer:
                cpu.hook_sync.code_is_stale = True

    def _build_own(self, cpus: int) -> None:
        space = self.kernel_space
        space.map(_GDT, PAGE, READ)
        for selector, descriptor in _DESCRIPTORS.items():
            space.load(_GDT + selector, struct.pack("<Q", descriptor))
        space.map(_STUB, PAGE, READ | EXECUTE)
        space.load(_STUB, _IRETQ)
        space.map(_STACKS, cpus * PAGE, READ | WRITE)

    def _by_hand(self, cpu: Cpu, code: bytes) -> int:
        """Carry out what must not reach the engine; the length or 0."""
        return self._host.emulate(cpu, code) or move_debug_register(cpu, code)

    def _cpu(self, index: int, listener: Listener, profile: Profile) -> Cpu:
        engine = RawEngine()
        engine.map_host_memory(self.ram.size, self.ram.host_address)
        engine.write_register(x86.UC_X86_REG_GDTR, (0, _GDT, PAGE - 1, 0))
        engine.uc.msr_write(_EFER, _EFER_VALUE)
        engine.write_register(x86.UC_X86_REG_CR4, _CR4_VALUE)
        engine.write_register(x86.UC_X86_REG_CR3, self.kernel_space.root)
        engine.write_register(x86.UC_X86_REG_CR0, _CR0_VALUE)
        engine.write_register(x86.UC_X86_REG_FPCW, _FPU_CONTROL)
        engine.write_register(x86.UC_X86_REG_FPTAG, 0xFFFF)
        engine.write_register(x86.UC_X86_REG_MXCSR, _MXCSR)
        fixed = debugreg.DR6_FIXED_1 if profile.dr6_fixed_bits_read_as_one else 0
        unit = DebugUnit(dr6_fixed_1=fixed, dr6=fixed)
        self._cpuids.append(CpuId(engine, hypervisor=profile.hypervisor))
        cpu = Cpu(index, engine, listener, unit, self.kernel_space, self._by_hand)
        cpu.set_profile(
            rep_slack=profile.rep_slack,
            shadow_inhibits_execute=profile.shadow_inhibits_execute,
        )
        return cpu

    @staticmethod
    def _save(cpu: Cpu) -> raw.Context:
        context = raw.Context(cpu.engine.handle)
        context.save()
        return context
