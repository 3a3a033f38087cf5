"""A tracer's way to the debug registers: PTRACE_PEEKUSR and POKEUSR of u_debugreg[0..7].
Linux: arch/x86/kernel/ptrace.c.

The registers are virtual: what a tracer numbers n may stand in any slot of the processor.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from emulator.arch.x86.encoding import (
    DR6_RESERVED,
    DR_CONTROL_RESERVED,
    X86_BREAKPOINT_EXECUTE,
    X86_BREAKPOINT_LEN_X,
    X86_BREAKPOINT_RW,
    X86_BREAKPOINT_WRITE,
    bytes_of,
    decode_dr7,
    encode_dr7,
)
from emulator.arch.x86.exception import ExceptionFrame, Thread
from emulator.arch.x86.thread_debugreg import ThreadDebugRegisters
from emulator.core.hw_breakpoint import HwBreakpoints
from emulator.core.notifier import NOTIFY_DONE
from emulator.core.perf_event import BpType, HandlerFrame, PerfEvent, PerfEventAttr
from emulator.errors import KernelError
from emulator.events import Callee, EventFlag, EventKind
from emulator.recorder import Recorder
from emulator.variants import DebugState, Switches

_EIO, _EINVAL = 5, 22
_SIZEOF_LONG = 8
_FIRST_INDEX = 0x1000
_TYPES = {
    X86_BREAKPOINT_EXECUTE: BpType.X,
    X86_BREAKPOINT_WRITE: BpType.W,
    X86_BREAKPOINT_RW: BpType.RW,
}


def event_index(pid: int, number: int) -> int:
    """PerfEvent.index of a tracer's breakpoint."""
    return _FIRST_INDEX + 4 * pid + number


class Ptrace:
    """ptrace_set_debugreg and what belongs to it, of one machine."""

    def __init__(
        self,
        switches: Switches,
        breakpoints: HwBreakpoints,
        registers: ThreadDebugRegisters,
        recorder: Recorder,
    ) -> None:
        """registers: used where debug_state says that threads keep their own."""
        self._switches = switches
        self._breakpoints = breakpoints
        self._registers = registers
        self._recorder = recorder
        self._of_thread = switches.debug_state is DebugState.thread

    def ptrace_get_debugreg(self, thread: Thread, number: int) -> int:
        """PEEKUSR of u_debugreg[number]."""
        value = self._get(thread, number)
        self._recorder.emit(
            EventKind.CALL,
            aux=Callee.ptrace_get_debugreg,
            addr=number,
            value=value,
        )
        return value

    def ptrace_set_debugreg(self, thread: Thread, number: int, value: int) -> None:
        """POKEUSR of u_debugreg[number]. Raises KernelError."""
        recorder = self._recorder
        cause = recorder.cause
        callee = Callee.ptrace_set_debugreg
        seq = recorder.open(EventKind.CALL, aux=callee, addr=number, value=value)
        errno = 0
        try:
            self._set(thread, number, value)
        except KernelError as error:
            errno = error.errno
            raise
        finally:
            recorder.close(seq, cause, -errno, aux=callee)

    def ptrace_triggered(self, event: PerfEvent, frame: HandlerFrame) -> int:
        """The overflow handler: note the hit where the tracer will read it."""
        assert isinstance(frame, ExceptionFrame)
        recorder = self._recorder
        cause = recorder.cause
        callee = Callee.ptrace_triggered
        seq = recorder.open(
            EventKind.CALL, aux=callee, flags=EventFlag.VOID, addr=event.index
        )
        bps = frame.thread.ptrace_bps
        # Not found is one past the end, and that bit is set all the same.
        number = bps.index(event) if event in bps else len(bps)
        frame.set_virtual_dr6(frame.virtual_dr6 | 1 << number)
        recorder.close(seq, cause, aux=callee)
        return NOTIFY_DONE

    def flush_ptrace_hw_breakpoint(self, thread: Thread) -> None:
        """On exec and exit: the tracer's breakpoints are gone."""
        clears = self._switches.ptrace_flush_clears
        left = clears and (thread.virtual_dr6 or thread.ptrace_dr7)
        if not left and not any(thread.ptrace_bps):
            return
        recorder = self._recorder
        cause = recorder.cause
        callee = Callee.flush_ptrace_hw_breakpoint
        seq = recorder.open(
            EventKind.CALL, aux=callee, flags=EventFlag.VOID, value=thread.pid
        )
        for number, event in enumerate(thread.ptrace_bps):
            self._breakpoints.unregister_hw_breakpoint(event)
            thread.ptrace_bps[number] = None
        if clears:
            thread.set_virtual_dr6(0, recorder, callee)
            thread.set_ptrace_dr7(0, recorder, callee)
        recorder.close(seq, cause, aux=callee)

    def plant(
        self, thread: Thread, number: int, address: int, kind: int, length: int
    ) -> None:
        """As gdb does: the address, then DR7 with the local enable bit of `number`.

        kind and length as encoded for DR7. Raises KernelError with the first refusal.
        """
        self.ptrace_set_debugreg(thread, number, address)
        control = encode_dr7(number, length, kind)
        field = 0xF << (16 + 4 * number) | 3 << (2 * number)
        dr7 = self.ptrace_get_debugreg(thread, 7) & ~field
        local = control & field & ~(3 << (2 * number)) | 1 << (2 * number)
        self.ptrace_set_debugreg(thread, 7, dr7 | local)

    # PEEKUSR.

    def _get(self, thread: Thread, number: int) -> int:
        if self._of_thread:
            return self._registers.get(thread, number)
        if number < 4:
            event = thread.ptrace_bps[number]
            return 0 if event is None else event.info.address
        if number == 6:
            return thread.virtual_dr6 ^ self._dr6_polarity
        if number == 7:
            rebuilt = self._switches.ptrace_dr7_rebuilt
            return self._rebuilt_dr7(thread) if rebuilt else thread.ptrace_dr7
        return 0

    @property
    def _dr6_polarity(self) -> int:
        return DR6_RESERVED if self._switches.ptrace_dr6_flipped else 0

    @staticmethod
    def _rebuilt_dr7(thread: Thread) -> int:
        """ptrace_get_dr7: global bits of all enabled breakpoints, whatever was poked."""
        dr7 = 0
        for number, event in enumerate(thread.ptrace_bps):
            if event is not None and not event.attr.disabled:
                dr7 |= encode_dr7(number, event.info.len, event.info.type)
        return dr7

    # POKEUSR.

    def _set(self, thread: Thread, number: int, value: int) -> None:
        if number in (4, 5):
            raise KernelError(_EIO, "there is no such register")
        if self._of_thread:
            self._registers.set(thread, number, value)
        elif number == 6:
            thread.set_virtual_dr6(
                value ^ self._dr6_polarity, self._recorder, Callee.ptrace_set_debugreg
            )
        elif number == 7:
            self._write_dr7(thread, value & ~DR_CONTROL_RESERVED)
            thread.set_ptrace_dr7(value, self._recorder, Callee.ptrace_set_debugreg)
        else:
            self._set_address(thread, number, value)

    def _set_address(self, thread: Thread, number: int, address: int) -> None:
        event = thread.ptrace_bps[number]
        if event is None:
            self._register(thread, number, address, 1, BpType.W, disabled=True)
            return
        wanted = replace(event.attr, bp_addr=address)
        self._breakpoints.modify_user_hw_breakpoint(event, wanted)

    def _register(
        self,
        thread: Thread,
        number: int,
        address: int,
        length: int,
        kind: BpType,
        *,
        disabled: bool,
    ) -> None:
        attr = PerfEventAttr(
            address,
            length,
            kind,
            disabled=disabled,
            exclude_kernel=self._switches.ptrace_excludes_kernel,
        )
        thread.ptrace_bps[number] = self._breakpoints.register_user_hw_breakpoint(
            event_index(thread.pid, number), attr, thread.pid, self.ptrace_triggered
        )

    def _write_dr7(self, thread: Thread, value: int) -> None:
        if self._switches.ptrace_needs_address:
            self._write_dr7_in_two_passes(thread, value)
            return
        before = self._rebuilt_dr7(thread)
        try:
            self._pass(thread, value)
        except KernelError:
            with suppress(KernelError):
                self._pass(thread, before)
            raise

    def _pass(self, thread: Thread, value: int) -> None:
        """Slot by slot: what is enabled for the first time is registered at address 0."""
        for number, event in enumerate(thread.ptrace_bps):
            enabled, length, kind = decode_dr7(value, number)
            if event is not None:
                self._modify(event, length, kind, disabled=not enabled)
            elif enabled:
                size, generic = self._generic(length, kind)
                self._register(thread, number, 0, size, generic, disabled=False)

    def _write_dr7_in_two_passes(self, thread: Thread, value: int) -> None:
        """2.6.33 to 2.6.36: enable first; disable when all of that has succeeded, so that
        nobody gets a register in between. After a refusal the second pass restores."""
        before = self._rebuilt_dr7(thread)
        refusal: KernelError | None = None
        try:
            self._old_pass(thread, value, disables=False)
        except KernelError as error:
            refusal, value = error, before
        try:
            self._old_pass(thread, value, disables=True)
        except KernelError as error:
            raise refusal or error from error
        if refusal is not None:
            raise refusal

    def _old_pass(self, thread: Thread, value: int, *, disables: bool) -> None:
        for number, event in enumerate(thread.ptrace_bps):
            enabled, length, kind = decode_dr7(value, number)
            if enabled:
                if event is None:
                    raise KernelError(_EINVAL, f"DR{number} was never written")
                self._modify(event, length, kind, disabled=False)
            elif event is not None and disables:
                self._modify(event, length, kind, disabled=True)

    def _modify(
        self, event: PerfEvent, length: int, kind: int, *, disabled: bool
    ) -> None:
        size, generic = self._generic(length, kind)
        wanted = replace(event.attr, bp_len=size, bp_type=generic, disabled=disabled)
        self._breakpoints.modify_user_hw_breakpoint(event, wanted)

    def _generic(self, length: int, kind: int) -> tuple[int, BpType]:
        """arch_bp_generic_fields. Raises KernelError(EINVAL)."""
        if kind not in _TYPES:
            raise KernelError(_EINVAL, "breakpoints on I/O are not to be had")
        generic = _TYPES[kind]
        if generic is BpType.X and self._switches.parse_execute_is_long:
            if length != X86_BREAKPOINT_LEN_X:
                raise KernelError(_EINVAL, "an execute breakpoint has no length")
            return _SIZEOF_LONG, generic
        return bytes_of(length), generic
