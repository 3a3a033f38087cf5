"""kgdb on the die chain, and its perf callback: arch/x86/kernel/kgdb.c.

kgdb_notify never looks at which breakpoint hit: a kernel-mode #DB that reaches it stops.
"""

from __future__ import annotations

from emulator.arch.x86.encoding import DR_STEP, DR_TRAP_BITS
from emulator.arch.x86.exception import ExceptionFrame
from emulator.core.kdebug import DieArgs, DieVal
from emulator.core.notifier import NOTIFY_DONE, NOTIFY_STOP
from emulator.core.perf_event import KGDB_INDEX, OverflowHandler, PerfEvent
from emulator.events import Callee, EventKind, ShadowField
from emulator.kgdb.debug_core import NOBODY, DebugCore
from emulator.recorder import Recorder
from emulator.variants import CallbackOfKgdb, Switches


class KgdbNotify:
    """__kgdb_notify behind its two doors."""

    def __init__(
        self, switches: Switches, core: DebugCore, recorder: Recorder, cpus: int
    ) -> None:
        self._switches = switches
        self._core = core
        self._recorder = recorder
        self._received = [0] * cpus

    # Door 1: the die chain.

    def kgdb_notify(self, action: int, data: object) -> int:
        """The notifier_block's function."""
        if not isinstance(data, DieArgs) or not isinstance(data.frame, ExceptionFrame):
            return NOTIFY_DONE
        if action == DieVal.DIE_DEBUG:
            return self._debug(data, data.frame)
        if action in (DieVal.DIE_NMI, DieVal.DIE_NMIUNKNOWN):
            return NOTIFY_DONE  # round-ups are carried out by the debug core itself
        return self._default(data, data.frame)

    def _debug(self, args: DieArgs, frame: ExceptionFrame) -> int:
        switches, cpu = self._switches, frame.state.index
        stepping = self._core.doing_single_step
        if stepping != NOBODY and (switches.kgdb_step_on_any_cpu or stepping == cpu):
            if frame.user_mode:
                return self._single_step_cont(args, frame)
            return self._enter(args, frame)
        if frame.thread.tif_singlestep:
            return NOTIFY_DONE
        if self._received[cpu]:
            self._set_received(cpu, 0)
            return NOTIFY_STOP
        guarded = switches.kgdb_needs_trap_bits and not args.err_is_null
        if guarded and not args.err & DR_TRAP_BITS:
            return NOTIFY_DONE
        return self._default(args, frame)

    def _default(self, args: DieArgs, frame: ExceptionFrame) -> int:
        return NOTIFY_DONE if frame.user_mode else self._enter(args, frame)

    def _enter(self, args: DieArgs, frame: ExceptionFrame) -> int:
        left = self._core.kgdb_handle_exception(args.trapnr, args.signr, frame)
        return NOTIFY_DONE if left else NOTIFY_STOP

    def _single_step_cont(self, args: DieArgs, frame: ExceptionFrame) -> int:
        """The step went from kernel to user space: resume."""
        frame.clear_tf(Callee.kgdb_notify)
        self._core.stop_stepping()
        args.err &= ~DR_STEP
        return NOTIFY_STOP

    # Door 2: the overflow handler of kgdb's perf events.

    def overflow_handler(self) -> OverflowHandler | None:
        """What kgdb gives to perf for its events; None for perf's default output."""
        return {
            CallbackOfKgdb.none: None,
            CallbackOfKgdb.notify_received: self._notify_received,
            CallbackOfKgdb.notify_again: self._notify_again,
            CallbackOfKgdb.ll_trap: self._ll_trap,
            CallbackOfKgdb.vd6_all: self._vd6_all,
            CallbackOfKgdb.vd6_hit: self._vd6_hit,
            CallbackOfKgdb.ret_honoured: self._ret_honoured,
        }[self._switches.kgdb_cb]

    def _notify_received(self, _event: PerfEvent, frame: object) -> int:
        """kgdb_hw_bp of version 1: the flag makes the chain's second visit a no-op."""
        assert isinstance(frame, ExceptionFrame)
        cpu = frame.state.index
        self._set_received(cpu, 0)
        answer = self._debug(self._bare_args(frame), frame)
        self._set_received(cpu, int(answer == NOTIFY_STOP))
        return NOTIFY_DONE

    def _notify_again(self, _event: PerfEvent, frame: object) -> int:
        """The same without the flag."""
        assert isinstance(frame, ExceptionFrame)
        self._debug(self._bare_args(frame), frame)
        return NOTIFY_DONE

    def _ll_trap(self, _event: PerfEvent, frame: object) -> int:
        """kgdb_ll_trap: stops here; what it answers is thrown away."""
        assert isinstance(frame, ExceptionFrame)
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(EventKind.CALL, aux=Callee.kgdb_ll_trap)
        answer = self._debug(self._bare_args(frame), frame)
        recorder.close(seq, cause, answer, aux=Callee.kgdb_ll_trap)
        return NOTIFY_DONE

    def _vd6_all(self, _event: PerfEvent, frame: object) -> int:
        """kgdb_hw_overflow_handler: the bit of each enabled entry, not of the one hit."""
        assert isinstance(frame, ExceptionFrame)
        for entry in self._core.hw.table.enabled():
            frame.set_virtual_dr6(frame.virtual_dr6 | 1 << entry.index)
        return NOTIFY_DONE

    def _vd6_hit(self, event: PerfEvent, frame: object) -> int:
        """The bit of the event itself."""
        assert isinstance(frame, ExceptionFrame)
        frame.set_virtual_dr6(frame.virtual_dr6 | 1 << (event.index - KGDB_INDEX))
        return NOTIFY_DONE

    def _ret_honoured(self, _event: PerfEvent, frame: object) -> int:
        """The notifier's answer goes back to hw_breakpoint_handler."""
        assert isinstance(frame, ExceptionFrame)
        if self._switches.callback_once and frame.stops:
            return NOTIFY_STOP
        answer = self._debug(self._bare_args(frame), frame)
        took = answer == NOTIFY_STOP
        if took and self._switches.callback_clears_bs and frame.die_args is not None:
            frame.die_args.err &= ~DR_STEP
        return answer

    @staticmethod
    def _bare_args(frame: ExceptionFrame) -> DieArgs:
        """err = 0 where the chain passes a pointer: nothing can be read or cleared."""
        return DieArgs(err=0, trapnr=0, signr=5, frame=frame, err_is_null=True)

    def _set_received(self, cpu: int, value: int) -> None:
        old, self._received[cpu] = self._received[cpu], value
        if old != value:
            self._recorder.emit(
                EventKind.SHADOW_WRITE,
                slot=ShadowField.received_hw_brk,
                aux=Callee.kgdb_notify,
                addr=old,
                value=value,
            )
