"""The tracer of :mod:`emulator.conform`: what Linux and ptrace did when recording.

Only as much of the kernel as a tracer sees: DR6 replaced at each #DB, RF set after an
execute breakpoint, TF of PTRACE_SINGLESTEP mostly hidden, faults as signals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unicorn import x86_const

from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debugreg import DR6_BS, DR6_RESET, FLAG_RF, FLAG_TF, is_enabled
from emulator.target.instructions import LONGEST, decode
from emulator.target.machine import Machine, Profile
from emulator.target.paging import EXECUTE, READ, WRITE
from emulator.target.traps import Vector

_CODE, _CODE_SIZE = 0x10000000, 0x2000
_DATA, _DATA_SIZE = 0x20000000, 0x3000
_STACK, _STACK_SIZE = 0x30000000, 0x2000
_STACK_START = 0x30001800
_INT3 = b"\xcc"
_INSTRUCTION_LIMIT = 1_000_000
_SIGILL, _SIGTRAP, _SIGBUS, _SIGFPE, _SIGSEGV = 4, 5, 7, 8, 11
_TRAP_BRKPT, _TRAP_TRACE, _TRAP_HWBKPT, _SI_KERNEL = 1, 2, 4, 128
#: vector → (signal, si_code) for faults of user code (arch/x86/kernel/traps.c, 6.x).
_SIGNALS = {
    Vector.DE: (_SIGFPE, 1),
    Vector.UD: (_SIGILL, 2),
    Vector.GP: (_SIGSEGV, _SI_KERNEL),
    Vector.SS: (_SIGBUS, _SI_KERNEL),
    Vector.AC: (_SIGBUS, 1),
}
_GENERAL = [n.lower() for n in raw.GENERAL[:16]]


@dataclass(slots=True)
class Event:
    """One stop as the tracer sees it."""

    kind: str
    rip: int
    signal: int
    code: int
    dr6: int
    rflags: int
    registers: dict[str, int]
    memory: list[tuple[str, str]]


@dataclass(slots=True)
class SingleStep:
    """TIF_SINGLESTEP and TIF_FORCED_TF of a traced task: arch/x86/kernel/step.c (6.x)."""

    single: bool = False
    forced: bool = False

    def seen(self, flags: int) -> int:
        """get_flags(): a TF that the kernel forced is not shown."""
        return flags & ~FLAG_TF if self.forced else flags

    def given(self, flags: int) -> int:
        """set_flags(): a TF from the tracer is the program's own from now on."""
        if flags & FLAG_TF:
            self.forced = False
        return flags | FLAG_TF if self.forced else flags

    def enable(self, flags: int, *, sets_tf: bool) -> int:
        """user_enable_single_step(); sets_tf: is_setting_trap_flag() of what comes."""
        if sets_tf:
            self.forced = False
        elif not (self.single or flags & FLAG_TF):
            self.forced = True
        self.single = True
        return flags | FLAG_TF

    def disable(self, flags: int) -> int:
        """user_disable_single_step()."""
        flags = self.seen(flags)
        self.single = self.forced = False
        return flags


class Debugger:
    """Runs one vector; also the machine's listener."""

    def __init__(self, vector: Mapping[str, Any]) -> None:
        self._vector = vector
        self.events: list[Event] = []
        self._virtual_dr6 = DR6_RESET
        self._step = SingleStep()
        self._limit = 0
        self._machine = Machine(1, 8 << 20, self, seed=0, profile=Profile())
        self._cpu = self._machine.cpus[0]
        self._load()

    def run(self, limit: int) -> list[Event]:
        """Resume until the program ends or limit stops were seen."""
        self._limit = limit
        flags = self._cpu.regs.read(raw.EFLAGS)
        self._cpu.regs.write(raw.EFLAGS, self._resume(flags, _CODE))
        self._cpu.run(_INSTRUCTION_LIMIT)
        return self.events

    def _load(self) -> None:
        vector, space = self._vector, self._machine.new_space()
        space.map(_CODE, _CODE_SIZE, READ | WRITE | EXECUTE)
        space.map(_DATA, _DATA_SIZE, READ | WRITE)
        space.map(_STACK, _STACK_SIZE, READ | WRITE)
        space.load(_CODE, _INT3 * _CODE_SIZE)
        space.load(_CODE, bytes.fromhex(vector["code"]))
        for address, text in vector["data"]:
            space.load(int(address, 16), bytes.fromhex(text))
        registers = {name: int(value, 16) for name, value in vector["regs"].items()}
        rflags = int(vector["rflags"], 16)
        self._machine.enter(
            self._cpu, space, rip=_CODE, rsp=_STACK_START, user=True, rflags=rflags
        )
        for name, value in registers.items():
            self._cpu.regs.write(raw.NAMES.index(name), value)
        for name, text in vector["xmm"].items():
            value = int.from_bytes(bytes.fromhex(text), "little")
            self._cpu.engine.write_register(_xmm(name), value)
        for poke in vector["native"]["setup"]:
            number = poke["dr"]
            if number < 4 or number == 7:
                self._cpu.unit.write(number, int(poke["readback"], 16))
        self._space = space
        self._seen_registers = {"rsp": _STACK_START} | registers
        self._seen_memory = self._memory()

    # Listener.

    def debug_exception(self, cpu: Cpu, bits: int, *, fault: bool) -> None:
        """#DB: what exc_debug_user leaves for the tracer."""
        # A disabled breakpoint has no event, so its B bit never reaches the tracer.
        for slot in range(4):
            if not is_enabled(cpu.unit.dr7, slot):
                bits &= ~(1 << slot)
        self._virtual_dr6 = DR6_RESET | bits
        if fault:
            cpu.image_rf = True
        code = _TRAP_HWBKPT if bits & 0xF else _TRAP_BRKPT
        if bits & DR6_BS:
            code = _TRAP_TRACE
        self._stop(cpu, "trap", _SIGTRAP, code)

    def breakpoint_exception(self, cpu: Cpu) -> None:
        """int3."""
        self._stop(cpu, "trap", _SIGTRAP, _SI_KERNEL)

    def exception(self, cpu: Cpu, vector: int, error_code: int, address: int) -> None:
        """A fault: the signal ends the program."""
        if vector == Vector.PF:
            mapped = self._space.translate(address) is not None
            signal, code = _SIGSEGV, 2 if mapped else 1
        else:
            signal, code = _SIGNALS.get(Vector(vector), (_SIGSEGV, _SI_KERNEL))
        self._stop(cpu, "end", signal, code)
        cpu.request_stop()

    def debug_register_written(self, cpu: Cpu, number: int, old: int) -> None:
        """User code cannot."""

    def interrupt(self, cpu: Cpu, vector: int) -> None:
        """There is no other CPU."""

    def system_call(self, cpu: Cpu) -> None:
        """No vector that is replayed makes one."""
        cpu.request_stop()

    # The tracer.

    def _stop(self, cpu: Cpu, kind: str, signal: int, code: int) -> None:
        values = cpu.regs.values
        rflags = values[raw.EFLAGS]
        if cpu.image_rf and kind == "trap":
            rflags |= FLAG_RF
        now = {name: values[i] for i, name in enumerate(_GENERAL)}
        before = self._seen_registers
        changed = {n: now[n] for n in _GENERAL if now[n] != before[n]}
        self._seen_registers = now
        event = Event(
            kind,
            values[raw.RIP],
            signal,
            code,
            self._virtual_dr6,
            self._step.seen(rflags),
            changed,
            self._memory_changes(),
        )
        self.events.append(event)
        if len(self.events) >= self._limit:
            cpu.request_stop()
            return
        if kind == "trap":
            self._between(cpu, rflags)

    def _between(self, cpu: Cpu, rflags: int) -> None:
        """What the tracer does at a stop, then how it resumes."""
        if self._vector["clear_dr6"]:
            self._virtual_dr6 = 0
        number = len(self.events) - 1
        for position, action in enumerate(self._actions(number)):
            errno = self._errno(number, position)
            rflags = self._act(cpu, action, errno, rflags)
        rflags = self._resume(rflags, cpu.regs.values[raw.RIP])
        wanted = rflags & ~FLAG_RF
        cpu.image_rf = bool(rflags & FLAG_RF)
        if wanted != cpu.regs.values[raw.EFLAGS]:
            cpu.regs.values[raw.EFLAGS] = wanted
            cpu.touch()

    def _actions(self, number: int) -> list[Mapping[str, Any]]:
        return [a for a in self._vector["actions"] if a["after_event"] == number]

    def _errno(self, number: int, position: int) -> int:
        recorded = self._vector["native"]["events"]
        errnos = recorded[number].get("at_errno", []) if number < len(recorded) else []
        return errnos[position] if position < len(errnos) else 0

    def _act(self, cpu: Cpu, action: Mapping[str, Any], errno: int, rflags: int) -> int:
        value = int(action["value"], 16)
        if action["what"] == "poke_dr" and not errno:
            cpu.unit.write(action["index"], value)
        elif action["what"] == "set_rip":
            cpu.regs.values[raw.RIP] = value
            cpu.touch()
        elif action["what"] == "set_rflags":
            return self._step.given(value)
        return rflags

    def _resume(self, flags: int, rip: int) -> int:
        """PTRACE_SINGLESTEP or PTRACE_CONT; returns the flags to go on with."""
        sequence = self._vector["seq"]
        letter = sequence[min(len(self.events), len(sequence) - 1)]
        if letter != "s":
            return self._step.disable(flags)
        found = decode(self._space.mapped_bytes(rip, LONGEST))
        sets_tf = found is not None and found.pops_flags
        return self._step.enable(flags, sets_tf=sets_tf)

    def _memory(self) -> bytes:
        return self._space.read(_DATA, _DATA_SIZE) + self._space.read(
            _STACK, _STACK_SIZE
        )

    def _memory_changes(self) -> list[tuple[str, str]]:
        before, now = self._seen_memory, self._memory()
        self._seen_memory = now
        changes = []
        for i in range(len(now)):
            if before[i] != now[i]:
                address = _DATA + i if i < _DATA_SIZE else _STACK + i - _DATA_SIZE
                changes.append((hex(address), f"{now[i]:02x}"))
        return changes


def _xmm(name: str) -> int:
    number = getattr(x86_const, f"UC_X86_REG_XMM{name.lower().removeprefix('xmm')}")
    return int(number)
