"""Signals on their way into a task: the tracer first, then what sigaction() said.
Linux: kernel/signal.c get_signal, arch/x86/kernel/signal.c.

Handlers are entered on a frame in the program's memory and left through rt_sigreturn.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.arch.x86.exception import FLAG_RF, FLAG_TF, Thread
from emulator.arch.x86.step import user_disable_single_step
from emulator.errors import KernelError
from emulator.events import Callee, EventKind
from emulator.linux.signal_frame import (
    FPU_SIZE,
    FRAME_SIZE,
    ORDER,
    pack,
    place_for,
    unpack,
)
from emulator.linux.signal_state import (
    BLOCKABLE,
    SA_RESTORER,
    SIG_DFL,
    SIGKILL,
    SIGSEGV,
    SIGTRAP,
    Fate,
    SignalInfo,
    Signals,
)
from emulator.processors import Processors
from emulator.recorder import Recorder
from emulator.scheduler import RESCHEDULE_VECTOR
from emulator.target import fpu, raw
from emulator.target.cpu import Cpu
from emulator.tasks import Task, TaskState
from emulator.tracing import Tracer
from emulator.variants import Switches

SI_KERNEL = 0x80
_EFAULT = 14
_FLAG_DF = 1 << 10
_INDEX = {name: raw.NAMES.index(name) for name in ORDER}
#: What a frame may bring back into RFLAGS: AC OF DF TF SF ZF AF PF CF.
_FIX_FLAGS = 0x40DD5
_FLAGS_OF_USER = 0x202


class Delivery:
    """get_signal() and the frames, for the tasks of one machine."""

    def __init__(
        self,
        switches: Switches,
        tracer: Tracer,
        processors: Processors,
        recorder: Recorder,
        exited: Callable[[Task], None],
    ) -> None:
        """exited(task): it is gone, clear up after it."""
        self._keeps_rf = switches.signal_frames_keep_rf
        self._tracer = tracer
        self._processors = processors
        self._recorder = recorder
        self._exited = exited
        self.fault = (0, 0, 0)
        """Error code, trap number and CR2 of the last exception (thread.error_code …)."""

    def send(self, task: Task, info: SignalInfo) -> None:
        """force_sig_info() for an exception (positive code), kill() for the others."""
        if task.process is None:
            # A kernel thread never returns to a program: it ends here.
            self.tell(info)
            self.end(task, info.number)
        elif info.code > 0:
            self.tell(info)
            task.process.signals.force(info)
        elif dies_of(task, info.number):
            self.tell(info)
            self.end(task, info.number)
        else:
            task.process.signals.send(info)
            self.wake(task)

    def wake(self, task: Task) -> None:
        """signal_wake_up(): an interrupt makes the CPU look, if the task is there."""
        if task.process is None or not task.process.signals.waiting:
            return
        if task.state is TaskState.BLOCKED:
            task.state = TaskState.RUNNABLE
        if self._processors.current.get(task.cpu) is task:
            cpu = self._processors.machine.cpus[task.cpu]
            cpu.interrupts_pending.append(RESCHEDULE_VECTOR)

    def end(self, task: Task, status: int) -> None:
        """do_exit(); status as wait4 gives it."""
        if task.state is TaskState.EXITED:
            return
        task.state = TaskState.EXITED
        task.exit_status = status
        self._recorder.emit(EventKind.TASK_EXIT, value=status)
        self._exited(task)

    def deliver(self, cpu: Cpu, task: Task) -> None:
        """On the way back to the program: take what waits. cpu.regs are loaded; RF of an
        interrupted instruction stands in cpu.image_rf or in the flags."""
        if task.process is None or not cpu.regs.values[raw.CS] & 3:
            return
        signals = task.process.signals
        while task.state is TaskState.RUNNABLE:
            info = signals.take()
            if info is None:
                return
            if info.code <= 0:
                self.tell(info)
            taken = self._ask_tracer(task, info)
            if taken is not None and self._act(cpu, task, signals, taken):
                return

    def tell(self, info: SignalInfo) -> None:
        """The SIGNAL event."""
        self._recorder.emit(
            EventKind.SIGNAL,
            value=info.number,
            aux=info.code & 0xFFFF,
            addr=info.address,
        )

    def _ask_tracer(self, task: Task, info: SignalInfo) -> SignalInfo | None:
        if not task.traced or info.number == SIGKILL:
            return info
        number = self._tracer.stopped(task, info)
        if number == info.number:
            return info
        return SignalInfo(number, 0) if number else None

    def _act(self, cpu: Cpu, task: Task, signals: Signals, info: SignalInfo) -> bool:
        """True: a handler was entered."""
        fate = signals.fate(info.number)
        if fate is Fate.ENDS:
            self.end(task, info.number)
        elif fate is Fate.STOPS:
            task.state = TaskState.BLOCKED
        elif fate is Fate.HANDLED:
            return self._enter_handler(cpu, task, signals, info)
        return False

    def _enter_handler(
        self, cpu: Cpu, task: Task, signals: Signals, info: SignalInfo
    ) -> bool:
        """handle_signal()."""
        assert task.process is not None
        memory = task.process.memory
        action, thread = signals.action(info.number), task.thread
        stepping = thread.tif_singlestep
        registers = self._interrupted(cpu, thread)
        place = place_for(signals, action.flags, registers["rsp"])
        recorder = self._recorder
        cause = recorder.cause
        callee = Callee.setup_rt_frame
        seq = recorder.open(
            EventKind.CALL, aux=callee, addr=place.frame, value=info.number
        )
        try:
            if not action.flags & SA_RESTORER:
                raise KernelError(_EFAULT, "a handler without SA_RESTORER")
            frame = pack(
                place,
                registers,
                info,
                signals,
                restorer=action.restorer,
                fault=self.fault,
            )
            memory.write(place.fpu, fpu.save(cpu.engine))
            memory.write(place.frame, frame)
        except KernelError as error:
            recorder.close(seq, cause, -error.errno, aux=callee)
            self._no_frame(signals, info)
            return False
        recorder.emit(EventKind.SIGNAL_FRAME, value=info.number, addr=place.frame)
        recorder.close(seq, cause, aux=callee)
        signals.begin_handler(info.number)
        flags = registers["eflags"] & ~(_FLAG_DF | FLAG_TF)
        arguments = {
            "rdi": info.number,
            "rsi": place.info,
            "rdx": place.ucontext,
            "rax": 0,
            "rsp": place.frame,
            "rip": action.handler,
            "eflags": flags & ~FLAG_RF if self._keeps_rf else flags,
        }
        self._set(cpu, arguments)
        if stepping and task.traced:
            # ptrace_notify(): who steps sees the first instruction of the handler.
            self._tracer.stopped(task, SignalInfo(SIGTRAP, SIGTRAP))
        return True

    @staticmethod
    def _interrupted(cpu: Cpu, thread: Thread) -> dict[str, int]:
        """pt_regs; a TF of the tracer is not the program's."""
        values = cpu.regs.values
        registers = {name: values[index] for name, index in _INDEX.items()}
        if cpu.image_rf:
            registers["eflags"] |= FLAG_RF
        if thread.tif_singlestep:
            flags = user_disable_single_step(thread, registers["eflags"])
            registers["eflags"] = flags
        return registers

    def _no_frame(self, signals: Signals, info: SignalInfo) -> None:
        """force_sigsegv(): the stack is not there."""
        if info.number == SIGSEGV:
            signals.actions.pop(SIGSEGV, None)
        failed = SignalInfo(SIGSEGV, SI_KERNEL)
        self.tell(failed)
        signals.force(failed)

    def sigreturn(self, cpu: Cpu, task: Task) -> None:
        """rt_sigreturn: all registers from the frame above the stack pointer."""
        assert task.process is not None
        signals, values = task.process.signals, cpu.regs.values
        memory = task.process.memory
        at = values[raw.RSP] - 8
        try:
            restored = unpack(memory.read(at, FRAME_SIZE))
            image = memory.read(restored.fpu, FPU_SIZE) if restored.fpu else b""
        except KernelError:
            bad = SignalInfo(SIGSEGV, SI_KERNEL)
            self.tell(bad)
            signals.force(bad)
            return
        signals.blocked = restored.mask & BLOCKABLE
        if image:
            fpu.load(cpu.engine, image)
        registers = dict(restored.registers)
        fixed = _FIX_FLAGS | (FLAG_RF if self._keeps_rf else 0)
        kept = values[raw.EFLAGS] & ~fixed | _FLAGS_OF_USER
        registers["eflags"] = kept | registers["eflags"] & fixed
        self._recorder.emit(EventKind.SIGNAL_RETURN, addr=at, value=registers["eflags"])
        self._set(cpu, registers)

    @staticmethod
    def _set(cpu: Cpu, registers: dict[str, int]) -> None:
        """RF goes with the flags, so the image has none of its own any more."""
        for name, value in registers.items():
            cpu.regs.values[_INDEX[name]] = value & (1 << 64) - 1
        cpu.image_rf = False
        cpu.touch()


def dies_of(task: Task, number: int) -> bool:
    """A signal sent now ends the task wherever it is: nobody handles, blocks or hears it."""
    if number == SIGKILL or task.process is None:
        return True
    signals = task.process.signals
    blocked = signals.blocked >> (number - 1) & 1
    handler = signals.action(number).handler
    ends = signals.fate(number) is Fate.ENDS and handler == SIG_DFL
    return not task.traced and not blocked and ends
