"""The kernel of one machine: listens to the CPUs and tells the model's story as events.

Joins target (what happened) with arch and core (what Linux does about it). Runs between
two guest instructions in zero guest time (decisions D2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.exception import ExceptionFrame
from emulator.arch.x86.traps import DebugTrap
from emulator.events import Callee, EventFlag, EventKind, Outcome
from emulator.photographer import Photographer
from emulator.progress import Stuck
from emulator.recorder import Recorder
from emulator.remember import Key, TreeMemory
from emulator.snapshot import Moment
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debugreg import FLAG_RF, ReadWrite, is_enabled, length, read_write
from emulator.target.stepper import Accessed
from emulator.target.traps import Vector
from emulator.tasks import Task, TaskState

SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV = 4, 5, 7, 8, 11
_SEGV_MAPERR, _SEGV_ACCERR, _SI_KERNEL, _ILL_ILLOPN = 1, 2, 0x80, 2
_FATAL = {
    Vector.DE: (SIGFPE, 1),
    Vector.UD: (SIGILL, _ILL_ILLOPN),
    Vector.SS: (SIGBUS, _SI_KERNEL),
    Vector.AC: (SIGBUS, 1),
    Vector.MF: (SIGFPE, 7),
    Vector.XM: (SIGFPE, 7),
}
_KIND_FLAGS = {
    ReadWrite.EXECUTE: EventFlag.EXECUTE,
    ReadWrite.WRITE: EventFlag.WRITE,
    ReadWrite.IO: EventFlag.READ,
}
_SYSCALL_ARGUMENTS = (5, 4, 3, 10, 8, 9)  # rdi rsi rdx r10 r8 r9 in raw.NAMES


class PtRegs:
    """arch.x86's view of the interrupted registers: cpu.regs with RF where it belongs."""

    def __init__(self, cpu: Cpu) -> None:
        self._cpu = cpu

    @property
    def flags(self) -> int:
        """RFLAGS of the image."""
        rf = FLAG_RF if self._cpu.image_rf else 0
        return self._cpu.regs.values[raw.EFLAGS] | rf

    @flags.setter
    def flags(self, value: int) -> None:
        self._cpu.image_rf = bool(value & FLAG_RF)
        plain = value & ~FLAG_RF
        if plain != self._cpu.regs.values[raw.EFLAGS]:
            self._cpu.regs.values[raw.EFLAGS] = plain
            self._cpu.touch()

    @property
    def ip(self) -> int:
        """RIP of the image."""
        return self._cpu.regs.values[raw.RIP]

    @ip.setter
    def ip(self, value: int) -> None:
        self._cpu.regs.values[raw.RIP] = value
        self._cpu.touch()


class Kernel:
    """target.traps.Listener for all CPUs of a machine."""

    def __init__(
        self,
        recorder: Recorder,
        states: list[CpuState],
        debug_trap: DebugTrap,
        current: Mapping[int, Task],
        exited: Callable[[Task, int], None],
        boundary: Callable[[Cpu], None],
        *,
        remembers: bool,
    ) -> None:
        """current: the task on each CPU. exited(task, wait status): the task is gone.

        boundary(cpu): called after each event tree, where a run may pause or end.
        remembers: tell known trees from memory (emulator.remember).
        """
        self._recorder = recorder
        self._states = states
        self._debug_trap = debug_trap
        self._current = current
        self._exited = exited
        self._boundary = boundary
        self._photographer = Photographer(recorder)
        self._memory = TreeMemory(recorder, self._photographer) if remembers else None
        self._stuck = Stuck()
        self.outcome: Outcome | None = None
        """Set when the machine cannot go on."""

    # Listener.

    def debug_exception(self, cpu: Cpu, bits: int, *, fault: bool) -> None:
        """#DB: a hit when an enabled slot matched, otherwise a step or icebp."""
        task = self._begin(cpu)
        memory, state = self._memory, self._states[cpu.index]
        key = None if memory is None else memory.key(cpu, task, state, bits, fault)
        if key is not None and memory is not None:
            slot = (bits & -bits).bit_length() - 1
            if memory.replay(key, cpu, task, self._watched_value(cpu, slot)):
                self._end(cpu, task)
                return
        self._tell_debug_exception(cpu, task, state, bits, fault, key)

    def _tell_debug_exception(
        self,
        cpu: Cpu,
        task: Task,
        state: CpuState,
        bits: int,
        fault: bool,
        key: Key | None,
    ) -> None:
        recorder, memory = self._recorder, self._memory
        seq = self._open_debug_event(cpu, bits, fault=fault)
        before = self._photographer.take(seq, Moment.hit_entry, cpu, state, task.thread)
        capture = None
        if memory is not None and key is not None and bits & 0xF:
            capture = memory.watch(key, cpu, state, seq, before)
        user = bool(cpu.regs.values[raw.CS] & 3)
        regs = PtRegs(cpu)
        frame = ExceptionFrame(state, task.thread, regs, recorder, user_mode=user)
        self._debug_trap.enter(
            frame,
            lambda number, code, address: self._signal(task, number, code, address),
        )
        flags = regs.flags
        iret = recorder.emit(
            EventKind.IRET, flags=EventFlag.SNAPSHOT, value=flags, aux=0
        )
        after = self._photographer.take(
            iret, Moment.after_iret, cpu, state, task.thread
        )
        recorder.close(seq, 0)
        stays = fault and not cpu.image_rf
        if stays:
            self._count_repeat(cpu)
        elif capture is not None and task.state is TaskState.RUNNABLE:
            assert memory is not None
            memory.keep(capture, cpu, task, state, after)
        self._end(cpu, task)

    def breakpoint_exception(self, cpu: Cpu) -> None:
        """int3 without a debugger: SIGTRAP for a task, the end of a kernel thread."""
        task = self._begin(cpu)
        seq = self._recorder.open(EventKind.INT3, flags=self._user_flag(cpu))
        self._signal(task, SIGTRAP, _SI_KERNEL, 0)
        self._recorder.close(seq, 0)
        self._end(cpu, task)

    def exception(self, cpu: Cpu, vector: int, error_code: int, address: int) -> None:
        """A fault: the signal that Linux sends, which ends the task."""
        task = self._begin(cpu)
        seq = self._recorder.open(
            EventKind.FAULT,
            flags=self._user_flag(cpu),
            aux=error_code & 0xFFFF,
            addr=address,
            value=vector,
        )
        number, code = _FATAL.get(Vector(vector), (SIGSEGV, _SI_KERNEL))
        where = cpu.regs.values[raw.RIP]
        if vector == Vector.PF:
            code = _SEGV_ACCERR if error_code & 1 else _SEGV_MAPERR
            where = address
        elif code == _SI_KERNEL:
            where = 0
        self._signal(task, number, code, where)
        self._recorder.close(seq, 0)
        self._end(cpu, task)

    def system_call(self, cpu: Cpu) -> None:
        """SYSCALL of a user task."""
        task = self._begin(cpu)
        values = cpu.regs.values
        number = values[raw.RAX]
        arguments = [values[i] for i in _SYSCALL_ARGUMENTS]
        # The processor saved RIP and RFLAGS there before the kernel ran.
        values[raw.RCX], values[raw.R11] = values[raw.RIP], values[raw.EFLAGS]
        cpu.touch()
        if task.process is None:
            self._signal(task, SIGILL, _ILL_ILLOPN, values[raw.RIP])
            self._end(cpu, task)
            return
        result = task.process.syscall(number, arguments)
        # Output that the call produced was recorded first; the call closes the story.
        self._recorder.emit(
            EventKind.SYSCALL,
            flags=EventFlag.USER | (EventFlag.SYSCALL_UNKNOWN if result.unknown else 0),
            addr=arguments[0],
            value=number,
            ret=_as_i32(result.value),
        )
        values[raw.RAX] = result.value & 0xFFFF_FFFF_FFFF_FFFF
        if result.exited is not None:
            self._exit(task, result.exited)
        elif result.blocked:
            task.state = TaskState.BLOCKED
        self._end(cpu, task)

    def debug_register_written(self, cpu: Cpu, number: int, old: int) -> None:
        """A kernel thread wrote DRn itself, behind the kernel's back."""
        task = self._begin(cpu)
        new = cpu.unit.read(number)
        self._recorder.emit(
            EventKind.DR_WRITE,
            slot=number,
            flags=EventFlag.SAME_VALUE if old == new else 0,
            aux=Callee.GUEST,
            addr=old,
            value=new,
        )
        self._end(cpu, task)

    def interrupt(self, cpu: Cpu, vector: int) -> None:
        """An IPI or NMI: an event; what Linux does about it depends on who sent it."""
        task = self._begin(cpu)
        self._recorder.emit(
            EventKind.INTERRUPT, flags=self._user_flag(cpu), value=vector
        )
        self._end(cpu, task)

    def halted(self, cpu: Cpu) -> None:
        """HLT at CPL0: a kernel thread is done."""
        task = self._begin(cpu)
        self._exit(task, 0)

    # Parts.

    def _begin(self, cpu: Cpu) -> Task:
        task = self._current[cpu.index]
        recorder = self._recorder
        recorder.cpu = cpu.index
        recorder.task = task.pid
        recorder.retired = cpu.now
        recorder.rip = cpu.regs.values[raw.RIP]
        recorder.cause = 0
        return task

    def _end(self, cpu: Cpu, task: Task) -> None:
        if task.state is not TaskState.RUNNABLE or self.outcome is not None:
            cpu.request_stop()
        self._boundary(cpu)

    @staticmethod
    def _user_flag(cpu: Cpu) -> int:
        return EventFlag.USER if cpu.regs.values[raw.CS] & 3 else 0

    def _open_debug_event(self, cpu: Cpu, bits: int, *, fault: bool) -> int:
        unit = cpu.unit
        matched = [s for s in range(4) if bits >> s & 1 and is_enabled(unit.dr7, s)]
        flags = self._user_flag(cpu) | EventFlag.SNAPSHOT
        if fault:
            flags |= EventFlag.FAULT_CLASS
        if bits & 1 << 14:
            flags |= EventFlag.SINGLE_STEP
        if not matched:
            return self._recorder.open(
                EventKind.DEBUG_EXCEPTION, flags=flags, aux=unit.dr6 & 0xFFFF
            )
        for slot in matched:
            flags |= self._kind_flag(cpu, slot)
        first = matched[0]
        return self._recorder.open(
            EventKind.HIT,
            slot=first,
            flags=flags,
            aux=unit.dr6 & 0xFFFF,
            addr=unit.address[first],
            value=self._watched_value(cpu, first),
        )

    @staticmethod
    def _kind_flag(cpu: Cpu, slot: int) -> int:
        kind = read_write(cpu.unit.dr7, slot)
        if kind is not ReadWrite.ACCESS:
            return _KIND_FLAGS[kind]
        flags = EventFlag.WRITE if cpu.accessed & Accessed.WRITE else EventFlag(0)
        return flags | (EventFlag.READ if cpu.accessed & Accessed.READ else 0)

    @staticmethod
    def _watched_value(cpu: Cpu, slot: int) -> int:
        dr7 = cpu.unit.dr7
        if read_write(dr7, slot) is ReadWrite.EXECUTE:
            return 0
        size = length(dr7, slot)
        address = cpu.unit.address[slot] & ~(size - 1)
        physical = cpu.space.translate(address)
        if physical is None:
            return 0
        return int.from_bytes(cpu.space.ram.read(physical, size), "little")

    def _count_repeat(self, cpu: Cpu) -> None:
        count = self._stuck.same_again(cpu)
        if count is None:
            return
        self._recorder.emit(EventKind.LIVELOCK, value=count)
        self.outcome = Outcome.livelock

    def _signal(self, task: Task, number: int, code: int, address: int) -> None:
        """Send a signal; no handler is modelled, so the default action ends the task."""
        self._recorder.emit(
            EventKind.SIGNAL, value=number, aux=code & 0xFFFF, addr=address
        )
        self._exit(task, number)

    def _exit(self, task: Task, status: int) -> None:
        if task.state is TaskState.EXITED:
            return
        task.state = TaskState.EXITED
        task.exit_status = status
        self._recorder.emit(EventKind.TASK_EXIT, value=status)
        self._exited(task, status)


def _as_i32(value: int) -> int:
    value &= 0xFFFF_FFFF
    return value - (1 << 32) if value & 1 << 31 else value
