"""hw_breakpoint_handler: which B bit belongs to whom. arch/x86/kernel/hw_breakpoint.c
(2.6.33 to 6.x); releases differ in the switches only.
"""

from __future__ import annotations

from emulator.arch.x86.encoding import DR_STEP, DR_TRAP_BITS, X86_BREAKPOINT_EXECUTE
from emulator.arch.x86.exception import ExceptionFrame
from emulator.core.kdebug import DieArgs, DieVal
from emulator.core.notifier import NOTIFY_DONE, NOTIFY_STOP, NOTIFY_STOP_MASK
from emulator.core.perf_event import PerfCore, PerfEvent
from emulator.events import Callee, EventKind
from emulator.recorder import Recorder
from emulator.variants import Dr7Exit, RcRule, RfBy, Switches


class _Served:
    """What the slot loop of one #DB came to."""

    def __init__(self) -> None:
        self.found = False
        self.unowned = False
        self.all_stop = True


class HwBreakpointHandler:
    """The die notifier with priority INT_MAX."""

    def __init__(self, switches: Switches, perf: PerfCore, recorder: Recorder) -> None:
        self._switches = switches
        self._perf = perf
        self._recorder = recorder

    def hw_breakpoint_exceptions_notify(self, action: int, data: object) -> int:
        """Serve the breakpoints of a #DB; everything else is not ours."""
        if action != DieVal.DIE_DEBUG or not isinstance(data, DieArgs):
            return NOTIFY_DONE
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL, aux=Callee.hw_breakpoint_handler, value=data.err
        )
        assert isinstance(data.frame, ExceptionFrame)
        ret = self._handle(data, data.frame)
        recorder.close(seq, cause, ret, aux=Callee.hw_breakpoint_handler)
        return ret

    def _handle(self, args: DieArgs, frame: ExceptionFrame) -> int:
        switches, dr6 = self._switches, args.err
        if switches.bs_early_return and dr6 & DR_STEP:
            return NOTIFY_DONE
        if not dr6 & DR_TRAP_BITS:
            return NOTIFY_DONE
        saved = self._disarm(frame)
        if switches.handler_clears_vd6:
            frame.set_virtual_dr6(frame.virtual_dr6 & ~DR_TRAP_BITS)
        served = self._serve_slots(args, dr6, frame)
        done = self._declines(args, dr6, frame, served)
        self._rearm(frame, saved)
        return NOTIFY_DONE if done else NOTIFY_STOP

    def _declines(
        self, args: DieArgs, dr6: int, frame: ExceptionFrame, served: _Served
    ) -> bool:
        """The return is NOTIFY_DONE. The test uses dr6 as it came, not what is left."""
        rule = self._switches.handler_rc_rule
        if rule is RcRule.serviced:
            left = args.err & ~DR_TRAP_BITS
            return bool(left) or served.unowned or not served.all_stop
        if dr6 & ~DR_TRAP_BITS:
            return True
        if rule is RcRule.bp_found:
            return served.found
        return bool(frame.virtual_dr6 & DR_TRAP_BITS)

    def _serve_slots(self, args: DieArgs, dr6: int, frame: ExceptionFrame) -> _Served:
        served = _Served()
        for slot in range(4):
            if not dr6 & 1 << slot:
                continue
            event = frame.state.bp_per_reg[slot]
            if event is None:
                served.unowned = True
                if self._switches.handler_clears_unowned:
                    args.err &= ~(1 << slot)
                if self._switches.handler_break_on_null:
                    break
                continue
            served.found = True
            answer = self._serve(args, slot, event, frame)
            served.all_stop = served.all_stop and bool(answer & NOTIFY_STOP_MASK)
        return served

    def _serve(
        self, args: DieArgs, slot: int, event: PerfEvent, frame: ExceptionFrame
    ) -> int:
        execute = event.info.type == X86_BREAKPOINT_EXECUTE
        deferred = self._switches.handler_defers_stepped_execute
        if deferred and execute and args.err & DR_STEP:
            return NOTIFY_DONE
        args.err &= ~(1 << slot)
        answer = self._perf.perf_bp_event(event, slot, frame)
        # Asked again: a debugger in the callback may have given the event another type.
        execute = event.info.type == X86_BREAKPOINT_EXECUTE
        if execute and self._switches.rf_by is RfBy.handler:
            frame.set_rf(Callee.hw_breakpoint_handler)
        return answer

    def _disarm(self, frame: ExceptionFrame) -> int:
        if self._switches.handler_dr7_exit is Dr7Exit.none:
            return 0
        saved = frame.state.get_debugreg(7)
        frame.state.set_debugreg(7, 0, Callee.hw_breakpoint_handler)
        return saved

    def _rearm(self, frame: ExceptionFrame, saved: int) -> None:
        exit_rule = self._switches.handler_dr7_exit
        if exit_rule is Dr7Exit.none:
            return
        wanted = saved if exit_rule is Dr7Exit.saved else frame.state.cpu_dr7
        frame.state.set_debugreg(7, wanted, Callee.hw_breakpoint_handler)
