"""The kernel of one machine: listens to the CPUs and tells the model's story as events.

Joins target (what happened) with arch, core and kgdb (what Linux does about it). Runs
between two guest instructions in zero guest time (decisions D2).
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.arch.x86.traps import (
    SI_KERNEL,
    TRAP_BRKPT,
    BreakpointTrap,
    DebugTrap,
)
from emulator.conditions import HitConditions, Judgements, key_of, tell
from emulator.delivery import Delivery
from emulator.events import Callee, EventFlag, EventKind, Outcome, ShadowOwner
from emulator.judge import Judge
from emulator.linux import SyscallResult
from emulator.linux.signal_state import (
    SIGBUS,
    SIGFPE,
    SIGILL,
    SIGSEGV,
    SIGTRAP,
    SignalInfo,
)
from emulator.photographer import Photographer
from emulator.processors import Processors
from emulator.progress import Pace, Stuck
from emulator.recorder import Recorder
from emulator.remember import Key, TreeMemory
from emulator.repeats import Repeats
from emulator.snapshot import Moment
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debug_unit import Watch
from emulator.target.debugreg import ReadWrite, is_enabled
from emulator.target.stepper import Accessed
from emulator.target.traps import Vector
from emulator.tasks import Task, TaskState
from emulator.user_access import hits_of

_EINTR = 4
_SEGV_MAPERR, _SEGV_ACCERR, _ILL_ILLOPN = 1, 2, 2
_FATAL = {
    Vector.DE: (SIGFPE, 1),
    Vector.UD: (SIGILL, _ILL_ILLOPN),
    Vector.SS: (SIGBUS, SI_KERNEL),
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


class Kernel:
    """target.traps.Listener for all CPUs of a machine."""

    def __init__(
        self,
        recorder: Recorder,
        processors: Processors,
        debug_trap: DebugTrap,
        breakpoint_trap: BreakpointTrap,
        judge: Judge,
        photographer: Photographer,
        delivery: Delivery,
        boundary: Callable[[Cpu], None],
        *,
        remembers: bool,
    ) -> None:
        """delivery: what becomes of signals.

        boundary(cpu): called after each event tree, where a run may pause or end.
        remembers: tell known trees from memory (emulator.remember).
        """
        self._recorder = recorder
        self._processors = processors
        self._debug_trap = debug_trap
        self._breakpoint_trap = breakpoint_trap
        self._judge = judge
        self._photographer = photographer
        self._delivery = delivery
        self._boundary = boundary
        self.memory = (
            TreeMemory(recorder, photographer, judge.state_of_debugger)
            if remembers
            else None
        )
        self._stuck = Stuck()
        self._last_told: tuple[Key, int] = ((), 0)
        """Key of the tree told last from memory, and the last event of it."""
        self.conditions: HitConditions | None = None
        """Set by boot: not every hit of every breakpoint is wanted."""
        self.pace: Pace | None = None
        """Set by the run: without it every hit is looked at by itself."""
        self.on_probe: Callable[[Cpu, int], None] | None = None
        """Set by boot: an address of the script was reached."""
        self.on_breakpoint: Callable[[Cpu, int], None] | None = None
        """Set by the run: an address of a debugger outside was reached."""
        self.on_watch: Callable[[Cpu, int], None] | None = None
        """Set by the run: watches of a debugger outside were touched."""
        self.after_tree: Callable[[], bool] | None = None
        """Set by boot: moments of the script that hits bring; true when it acted."""
        self.perf_pending: Callable[[], None] = lambda: None
        """Set by boot: perf's work that a handler must not do itself."""
        self.outcome: Outcome | None = None
        """Set when the machine cannot go on."""

    # Listener.

    def debug_exception(self, cpu: Cpu, bits: int, *, fault: bool) -> None:
        """#DB: a hit when an enabled slot matched, otherwise a step or icebp."""
        task = self._begin(cpu)
        memory, state = self.memory, self._processors.states[cpu.index]
        key = None if memory is None else memory.key(cpu, task, state, bits, fault)
        judged = self._judged(cpu, bits, user=bool(self._user_flag(cpu)))
        key = key_of(key, judged) if judged else key
        if key is not None and memory is not None and memory.knows(key):
            watch = cpu.unit.watch((bits & -bits).bit_length() - 1)
            again = self._last_told == (key, self._recorder.seq)
            if memory.replay(key, cpu, task, self._bytes_of(cpu, watch)):
                self._last_told = (key, self._recorder.seq)
                self._end_conditions()
                self._end(cpu, task, replayed=True)
                if again and not judged:
                    self._expect_repeats(cpu, task, key, bits, watch)
                return
        self._tell_debug_exception(cpu, task, bits, fault, key, judged)
        self._end_conditions()
        self._end(cpu, task)

    def _expect_repeats(
        self, cpu: Cpu, task: Task, key: Key, bits: int, watch: Watch
    ) -> None:
        """The last two hits were the same: the next ones may be told by the dozen."""
        tale = None if self.memory is None else self.memory.tale(key)
        physical = cpu.space.translate(watch.start)
        undisturbed = self._last_told[1] == self._recorder.seq
        if tale is None or physical is None or self.pace is None or not undisturbed:
            return
        room = self.pace.room(tale.template.size)
        if room <= 0:
            return
        length = 0 if watch.kind is ReadWrite.EXECUTE else watch.length
        cpu.repeat = Repeats(
            cpu,
            task.thread,
            self._recorder,
            tale,
            bits,
            (physical, length),
            self.pace.busy,
            room,
        )

    def _tell_debug_exception(
        self,
        cpu: Cpu,
        task: Task,
        bits: int,
        fault: bool = False,
        key: Key | None = None,
        judged: Judgements = (),
        *,
        in_kernel: int = 0,
    ) -> None:
        """in_kernel: how the kernel touched the task's memory on its behalf."""
        recorder, memory = self._recorder, self.memory
        state = self._processors.states[cpu.index]
        matched = [s for s in range(4) if bits >> s & 1 and is_enabled(cpu.unit.dr7, s)]
        seq = self._open_debug_event(cpu, bits, matched, fault, in_kernel)
        before = self._photographer.take(seq, Moment.hit_entry, cpu, state, task.thread)
        capture = None
        if memory is not None and key is not None and matched:
            capture = memory.watch(key, cpu, state, seq, before)
        tell(recorder, judged)
        expected = self._judge.expect(cpu, matched)
        frame = self._processors.frame(
            cpu, lambda number, code, address: self.signal(task, number, code, address)
        )
        frame.user_mode = frame.user_mode and not in_kernel
        self._debug_trap.enter(frame)
        self.perf_pending()
        if not in_kernel:
            self._delivery.fault = (0, Vector.DB, 0)
            self._delivery.deliver(cpu, task)
        after = self._return(cpu, task)
        news = self._judge.hit_returned(cpu, expected, frame, bits)
        recorder.close(seq, 0)
        stays = fault and not cpu.image_rf
        if stays and not frame.stops:
            self._count_repeat(cpu)
        elif capture is not None and task.state is TaskState.RUNNABLE and not news:
            assert memory is not None
            memory.keep(capture, cpu, task, state, after)

    def _tell_kernels_accesses(self, cpu: Cpu, task: Task) -> None:
        """Copies to and from the task's memory that touched a watch, each a tree."""
        accesses, task.accesses[:] = list(task.accesses), []
        if not accesses or task.state is TaskState.EXITED:
            return
        image_rf = cpu.image_rf
        for bits, accessed in hits_of(accesses, cpu.unit.watches()):
            cpu.unit.report(bits)
            cpu.image_rf = False
            judged = self._judged(cpu, bits, user=False)
            self._tell_debug_exception(
                cpu, task, bits, judged=judged, in_kernel=accessed
            )
        self._end_conditions()
        cpu.image_rf = image_rf

    def _return(self, cpu: Cpu, task: Task) -> bytes:
        """IRET with a snapshot, and what must hold after it."""
        recorder, state = self._recorder, self._processors.states[cpu.index]
        rf = 1 << 16 if cpu.image_rf else 0
        recorder.rip = cpu.regs.values[raw.RIP]
        iret = recorder.emit(
            EventKind.IRET,
            flags=EventFlag.SNAPSHOT,
            value=cpu.regs.values[raw.EFLAGS] | rf,
        )
        return self._photographer.take(iret, Moment.after_iret, cpu, state, task.thread)

    def breakpoint_exception(self, cpu: Cpu) -> None:
        """int3: the die chain; without a taker SIGTRAP for a task, the end of a thread."""
        task = self._begin(cpu)
        seq = self._recorder.open(EventKind.INT3, flags=self._user_flag(cpu))
        frame = self._processors.frame(cpu)
        if self._breakpoint_trap.enter(frame):
            self._return(cpu, task)
            self._judge.returned(cpu)
        else:
            self.signal(task, SIGTRAP, SI_KERNEL, 0)
            self._delivery.fault = (0, Vector.BP, 0)
            self._delivery.deliver(cpu, task)
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
        number, code = _FATAL.get(Vector(vector), (SIGSEGV, SI_KERNEL))
        where = cpu.regs.values[raw.RIP]
        if vector == Vector.PF:
            code = _SEGV_ACCERR if error_code & 1 else _SEGV_MAPERR
            where = address
        elif code == SI_KERNEL:
            where = 0
        self.signal(task, number, code, where)
        cpu.image_rf = False  # the flags have RF themselves
        self._delivery.fault = (error_code, vector, address)
        self._delivery.deliver(cpu, task)
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
            self.signal(task, SIGILL, _ILL_ILLOPN, values[raw.RIP])
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
        self._tell_kernels_accesses(cpu, task)
        self._leave_system_call(cpu, task, result)
        self._end(cpu, task)

    def _leave_system_call(self, cpu: Cpu, task: Task, result: SyscallResult) -> None:
        values = cpu.regs.values
        cpu.image_rf = False
        if result.exited is not None:
            self._delivery.end(task, result.exited)
            return
        if result.blocked:
            values[raw.RAX] = -_EINTR & 0xFFFF_FFFF_FFFF_FFFF  # what wakes it, says so
            task.state = TaskState.BLOCKED
            return
        if result.sigreturn:
            self._delivery.sigreturn(cpu, task)
        if task.thread.tif_singlestep:
            # user_single_step_report: SYSCALL masked TF, so the step is told here.
            self.signal(task, SIGTRAP, TRAP_BRKPT, values[raw.RIP])
        self._delivery.deliver(cpu, task)

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
        self._judge.returned(cpu)
        self._end(cpu, task)

    def not_fired(self, cpu: Cpu, ghosts: int) -> None:
        """Silence that the kernel does not know of."""
        self._begin(cpu)
        for number, ghost in enumerate(cpu.unit.ghosts):
            if ghosts >> number & 1:
                self._tell_not_fired(
                    cpu, ghost, self._judge.owner_of_ghost(cpu, number)
                )
        self._boundary(cpu)

    def _tell_not_fired(self, cpu: Cpu, ghost: Watch, owner: ShadowOwner) -> None:
        self._recorder.emit(
            EventKind.NOT_FIRED,
            slot=ghost.slot,
            flags=self._user_flag(cpu) | self._flags_of(cpu.accessed, ghost.kind),
            aux=owner,
            addr=ghost.start,
            value=self._bytes_of(cpu, ghost),
        )

    def watched(self, cpu: Cpu, numbers: int) -> None:
        """A debugger outside looks at an access."""
        task = self._begin(cpu)
        if self.on_watch is not None:
            self.on_watch(cpu, numbers)
        self._end(cpu, task)

    def probed(self, cpu: Cpu, address: int) -> None:
        """A moment of the script."""
        task = self._begin(cpu)
        if self.on_probe is not None:
            self.on_probe(cpu, address)
        if self.on_breakpoint is not None:
            self.on_breakpoint(cpu, address)
        self._end(cpu, task)

    def interrupt(self, cpu: Cpu, vector: int) -> None:
        """An IPI or NMI: an event; what Linux does about it depends on who sent it."""
        task = self._begin(cpu)
        self._recorder.emit(
            EventKind.INTERRUPT, flags=self._user_flag(cpu), value=vector
        )
        cpu.image_rf = False
        self._delivery.deliver(cpu, task)
        self._end(cpu, task)

    def halted(self, cpu: Cpu) -> None:
        """HLT at CPL0: a kernel thread is done."""
        task = self._begin(cpu)
        self._delivery.end(task, 0)

    # For others of the kernel.

    def holds(self, cpu: Cpu) -> bool:
        """The CPU waits in the debugger while another one steps."""
        return self._judge.held_by_debugger(cpu.index)

    def disturbed(self, cpu: Cpu) -> None:
        """A debugger broke in, and may have changed anything."""
        if self.memory is not None:
            self.memory.forget()
        self._settle(cpu, self._processors.current[cpu.index])

    def signal(self, task: Task, number: int, code: int, address: int) -> None:
        """Send a signal. One of an exception (its code is positive) is taken when the
        exception returns, another one when the task runs next."""
        self._delivery.send(task, SignalInfo(number, code, address))

    # Parts.

    def _begin(self, cpu: Cpu) -> Task:
        self._processors.tell(cpu)
        return self._processors.current[cpu.index]

    def _judged(self, cpu: Cpu, bits: int, *, user: bool) -> Judgements:
        """What becomes of a hit for whoever does not want them all."""
        if self.conditions is None:
            return ()
        return self.conditions.judge(cpu, bits, user=user)

    def _end_conditions(self) -> None:
        """The hit is over: breakpoints that have reached their limit end."""
        if self.conditions is not None:
            self.conditions.hit_is_over()

    def _end(self, cpu: Cpu, task: Task, *, replayed: bool = False) -> None:
        if self.after_tree is not None and self.after_tree():
            replayed = False
        if not replayed:
            if task.accesses:
                self._tell_kernels_accesses(cpu, task)
                self._delivery.wake(task)
            self._settle(cpu, task)
        self._boundary(cpu)

    def _settle(self, cpu: Cpu, task: Task) -> None:
        debugger = self._judge.outcome_of_debugger
        if self.outcome is None and debugger is not None:
            self._judge.no_progress(1)
            self.outcome = debugger
        if task.state is not TaskState.RUNNABLE or self.outcome is not None:
            cpu.request_stop()
        self._judge.settle()

    @staticmethod
    def _user_flag(cpu: Cpu) -> int:
        return EventFlag.USER if cpu.regs.values[raw.CS] & 3 else 0

    def _open_debug_event(
        self, cpu: Cpu, bits: int, matched: list[int], fault: bool, in_kernel: int
    ) -> int:
        unit = cpu.unit
        flags = EventFlag.SNAPSHOT | (0 if in_kernel else self._user_flag(cpu))
        if fault:
            flags |= EventFlag.FAULT_CLASS
        if bits & 1 << 14:
            flags |= EventFlag.SINGLE_STEP
        if not matched:
            return self._recorder.open(
                EventKind.DEBUG_EXCEPTION, flags=flags, aux=unit.dr6 & 0xFFFF
            )
        for slot in matched:
            kind = unit.watch(slot).kind
            flags |= self._flags_of(in_kernel or cpu.accessed, kind)
        first = matched[0]
        return self._recorder.open(
            EventKind.HIT,
            slot=first,
            flags=flags,
            aux=unit.dr6 & 0xFFFF,
            addr=unit.address[first],
            value=self._bytes_of(cpu, unit.watch(first)),
        )

    @staticmethod
    def _flags_of(accessed: int, kind: ReadWrite) -> int:
        if kind is not ReadWrite.ACCESS:
            return _KIND_FLAGS[kind]
        flags = EventFlag.WRITE if accessed & Accessed.WRITE else EventFlag(0)
        return flags | (EventFlag.READ if accessed & Accessed.READ else 0)

    @staticmethod
    def _bytes_of(cpu: Cpu, watch: Watch) -> int:
        """The watched bytes; 0 for an execute breakpoint."""
        if watch.kind is ReadWrite.EXECUTE:
            return 0
        physical = cpu.space.translate(watch.start)
        if physical is None:
            return 0
        return int.from_bytes(cpu.space.ram.read(physical, watch.length), "little")

    def _count_repeat(self, cpu: Cpu) -> None:
        count = self._stuck.same_again(cpu)
        if count is None:
            return
        self._recorder.emit(EventKind.LIVELOCK, value=count)
        self._judge.no_progress(count)
        self.outcome = Outcome.livelock


def _as_i32(value: int) -> int:
    value &= 0xFFFF_FFFF
    return value - (1 << 32) if value & 1 << 31 else value
