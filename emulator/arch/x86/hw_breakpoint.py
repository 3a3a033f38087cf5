"""Installing, parsing and handling: arch/x86/kernel/hw_breakpoint.c (2.6.33 to 6.x)."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.encoding import (
    DR_STEP,
    DR_TRAP_BITS,
    X86_BREAKPOINT_EXECUTE,
    X86_BREAKPOINT_LEN,
    X86_BREAKPOINT_LEN_X,
    X86_BREAKPOINT_RW,
    X86_BREAKPOINT_WRITE,
    bytes_of,
    encode_dr7,
    encode_dr7_without_ge,
)
from emulator.arch.x86.exception import ExceptionFrame
from emulator.core.kdebug import DieArgs, DieVal
from emulator.core.notifier import NOTIFY_DONE, NOTIFY_STOP
from emulator.core.perf_event import (
    ArchHwBreakpoint,
    BpType,
    PerfCore,
    PerfEvent,
    PerfEventAttr,
)
from emulator.errors import KernelError
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder
from emulator.variants import Dr7Exit, RcRule, RfBy, Switches

_SIZEOF_LONG = 8
_EINVAL, _EBUSY = 22, 16
_TASK_SIZE_MAX = 0x7FFF_FFFF_F000
_U64 = 1 << 64


class X86Breakpoints:
    """arch_install/uninstall and hw_breakpoint_arch_parse."""

    def __init__(self, cpus: Sequence[CpuState], recorder: Recorder) -> None:
        self._cpus = cpus
        self._recorder = recorder

    def hw_breakpoint_arch_parse(self, attr: PerfEventAttr) -> ArchHwBreakpoint:
        """The 6.x order: wrap, type, length, alignment. Raises KernelError(EINVAL)."""
        if attr.bp_addr + attr.bp_len - 1 >= _U64:
            raise KernelError(_EINVAL, "the range wraps")
        if attr.bp_type == BpType.X:
            if attr.bp_len != _SIZEOF_LONG:
                raise KernelError(_EINVAL, "an execute breakpoint has sizeof(long)")
            return ArchHwBreakpoint(
                attr.bp_addr, X86_BREAKPOINT_LEN_X, X86_BREAKPOINT_EXECUTE
            )
        kinds = {BpType.W: X86_BREAKPOINT_WRITE, BpType.RW: X86_BREAKPOINT_RW}
        if attr.bp_type not in kinds:
            raise KernelError(_EINVAL, "x86 has no such breakpoint type")
        if attr.bp_len not in X86_BREAKPOINT_LEN:
            raise KernelError(_EINVAL, f"length {attr.bp_len}")
        if attr.bp_addr % attr.bp_len:
            raise KernelError(_EINVAL, "address not aligned to the length")
        return ArchHwBreakpoint(
            attr.bp_addr, X86_BREAKPOINT_LEN[attr.bp_len], kinds[attr.bp_type]
        )

    def arch_check_bp_in_kernelspace(self, info: ArchHwBreakpoint) -> bool:
        """va or its last byte at or above TASK_SIZE_MAX."""
        return info.address + bytes_of(info.len) - 1 >= _TASK_SIZE_MAX

    def arch_install_hw_breakpoint(self, event: PerfEvent, cpu: int) -> None:
        """First free slot: DRn, cpu_debugreg, cpu_dr7, then DR7. KernelError(EBUSY)."""
        recorder, state = self._recorder, self._cpus[cpu]
        writer = Callee.arch_install_hw_breakpoint
        cause, on = recorder.cause, recorder.cpu
        recorder.cpu = cpu
        seq = recorder.open(EventKind.CALL, aux=writer, addr=event.index)
        try:
            if None not in state.bp_per_reg:
                recorder.close(seq, cause, -_EBUSY, aux=writer)
                raise KernelError(_EBUSY, "can't find any breakpoint slot")
            slot = state.bp_per_reg.index(None)
            state.set_bp_per_reg(slot, event, writer)
            state.set_debugreg(slot, event.info.address, writer)
            state.set_cpu_debugreg(slot, event.info.address, writer)
            encoded = encode_dr7(slot, event.info.len, event.info.type)
            state.set_cpu_dr7(state.cpu_dr7 | encoded, writer)
            state.set_debugreg(7, state.cpu_dr7, writer)
            event.slot = slot
            recorder.close(seq, cause, aux=writer)
        finally:
            recorder.cpu = on

    def arch_uninstall_hw_breakpoint(self, event: PerfEvent, cpu: int) -> None:
        """Out of its slot: DR7 first, then cpu_dr7; DRn keeps its address."""
        recorder, state = self._recorder, self._cpus[cpu]
        writer = Callee.arch_uninstall_hw_breakpoint
        if event not in state.bp_per_reg:
            return
        cause, on = recorder.cause, recorder.cpu
        recorder.cpu = cpu
        seq = recorder.open(
            EventKind.CALL, aux=writer, addr=event.index, flags=EventFlag.VOID
        )
        slot = state.bp_per_reg.index(event)
        state.set_bp_per_reg(slot, None, writer)
        encoded = encode_dr7_without_ge(slot, event.info.len, event.info.type)
        wanted = state.cpu_dr7 & ~encoded
        state.set_debugreg(7, wanted, writer)
        state.set_cpu_dr7(wanted, writer)
        recorder.close(seq, cause, aux=writer)
        recorder.cpu = on


class HwBreakpointHandler:
    """hw_breakpoint_handler and its notifier: which B bit belongs to whom."""

    def __init__(self, switches: Switches, perf: PerfCore, recorder: Recorder) -> None:
        self._switches = switches
        self._perf = perf
        self._recorder = recorder
        self.frame: ExceptionFrame | None = None
        """The exception under way (regs and current of the kernel's code)."""

    def hw_breakpoint_exceptions_notify(self, action: int, data: object) -> int:
        """The die notifier with priority INT_MAX."""
        if action != DieVal.DIE_DEBUG or not isinstance(data, DieArgs):
            return NOTIFY_DONE
        assert self.frame is not None
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(
            EventKind.CALL, aux=Callee.hw_breakpoint_handler, value=data.err
        )
        ret = self._handle(data, self.frame)
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
        found = self._serve_slots(args, dr6, frame)
        done = bool(dr6 & ~DR_TRAP_BITS)
        if switches.handler_rc_rule is RcRule.bp_found:
            done = done or found
        else:
            done = done or bool(frame.virtual_dr6 & DR_TRAP_BITS)
        self._rearm(frame, saved)
        return NOTIFY_DONE if done else NOTIFY_STOP

    def _serve_slots(self, args: DieArgs, dr6: int, frame: ExceptionFrame) -> bool:
        found = False
        for slot in range(4):
            if not dr6 & 1 << slot:
                continue
            event = frame.state.bp_per_reg[slot]
            if event is None:
                if self._switches.handler_clears_unowned:
                    args.err &= ~(1 << slot)
                if self._switches.handler_break_on_null:
                    break
                continue
            found = True
            self._serve(args, slot, event, frame)
        return found

    def _serve(
        self, args: DieArgs, slot: int, event: PerfEvent, frame: ExceptionFrame
    ) -> None:
        execute = event.info.type == X86_BREAKPOINT_EXECUTE
        deferred = self._switches.handler_defers_stepped_execute
        if deferred and execute and args.err & DR_STEP:
            return
        args.err &= ~(1 << slot)
        self._perf.perf_bp_event(event, slot, user_mode=frame.user_mode)
        if execute and self._switches.rf_by is RfBy.handler:
            frame.set_rf(Callee.hw_breakpoint_handler)

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
