"""struct rt_sigframe of x86-64: what stands on the stack of a signal handler.
Linux: arch/x86/include/asm/sigframe.h, uapi/asm/sigcontext.h, kernel/signal.c."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.linux.signal_state import SA_ONSTACK, SS_DISABLE, SignalInfo, Signals

#: struct sigcontext: the general registers in this order, then cs gs fs ss, err …
ORDER = (
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
    *("rdi", "rsi", "rbp", "rbx", "rdx", "rax", "rcx", "rsp", "rip", "eflags"),
)
FPU_SIZE = 512
#: pretcode; uc_flags, uc_link; uc_stack; sigcontext; uc_sigmask.
_BEGIN = struct.Struct("<QQQQiIQ")
_CONTEXT = struct.Struct("<18Q4H5Q64x")
_MASK = struct.Struct("<Q")
_INFO_SIZE = 128
_FAULT = struct.Struct("<iii4xQ")
_SENT = struct.Struct("<iii4xII")
FRAME_SIZE = _BEGIN.size + _CONTEXT.size + _MASK.size + _INFO_SIZE
_INFO_OFFSET = FRAME_SIZE - _INFO_SIZE
_UCONTEXT_OFFSET = 8
_RED_ZONE = 128
_U64 = (1 << 64) - 1
_USER_CS, _USER_DS = 0x33, 0x2B
#: UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS.
_UC_FLAGS = 6
#: The register arguments of a handler: rdi rsi rdx.
Registers = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame stands."""

    frame: int
    fpu: int

    @property
    def info(self) -> int:
        """siginfo, a handler's second argument."""
        return self.frame + _INFO_OFFSET

    @property
    def ucontext(self) -> int:
        """A handler's third argument."""
        return self.frame + _UCONTEXT_OFFSET


@dataclass(frozen=True, slots=True)
class Restored:
    """What rt_sigreturn takes from a frame."""

    registers: Registers
    mask: int
    fpu: int
    """Address of the FXSAVE image, 0 for none."""


def place_for(signals: Signals, flags: int, stack_pointer: int) -> Place:
    """get_sigframe(): flags are the action's."""
    top = stack_pointer - _RED_ZONE
    stack = signals.altstack
    wanted = flags & SA_ONSTACK and not stack.flags & SS_DISABLE
    if wanted and stack.size and not signals.on_altstack(stack_pointer):
        top = stack.pointer + stack.size
    fpu = (top - FPU_SIZE) & ~63
    return Place(_U64 & (((fpu - FRAME_SIZE) & ~15) - 8), fpu & _U64)


def pack(
    place: Place,
    registers: Registers,
    info: SignalInfo,
    signals: Signals,
    *,
    restorer: int,
    fault: tuple[int, int, int],
) -> bytes:
    """The frame. fault: error code, trap number and CR2 of the last exception."""
    stack = signals.altstack
    begin = _BEGIN.pack(
        restorer, _UC_FLAGS, 0, stack.pointer, stack.flags, 0, stack.size
    )
    error, trap, cr2 = fault
    context = _CONTEXT.pack(
        *(registers[name] for name in ORDER),
        *(_USER_CS, 0, 0, _USER_DS),
        *(error, trap, signals.blocked, cr2, place.fpu),
    )
    return begin + context + _MASK.pack(signals.blocked) + _siginfo(info)


def _siginfo(info: SignalInfo) -> bytes:
    if info.code <= 0:
        packed = _SENT.pack(info.number, 0, info.code, info.pid, 0)
    else:
        packed = _FAULT.pack(info.number, 0, info.code, info.address)
    return packed.ljust(_INFO_SIZE, b"\0")


def unpack(frame: bytes) -> Restored:
    """Of FRAME_SIZE bytes."""
    context = _CONTEXT.unpack_from(frame, _BEGIN.size)
    (mask,) = _MASK.unpack_from(frame, _BEGIN.size + _CONTEXT.size)
    registers = dict(zip(ORDER, context, strict=False))
    return Restored(registers, mask, context[-1])
