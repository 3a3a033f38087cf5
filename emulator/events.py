"""The event record: one fact of a run in 64 little-endian bytes.

The layout and all numbers are public and append-only; docs/events.md states them
and a test holds the two together. Nothing here imports the machine or the web.

Text that belongs to an event (program output, symbol of an unknown system call,
GDB packets) stands in a side table by seq, see :mod:`emulator.wire`.
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag

CODEC_VERSION = 1

#: seq, retired, cause, rip, addr, value: u64; task: u32; ret: i32; kind: u16;
#: cpu, slot: u8; flags, aux: u16. 64 bytes, little endian, no padding.
RECORD = struct.Struct("<QQQQQQIiHBBHH")
RECORD_SIZE = RECORD.size
FIELDS = (
    "seq",
    "retired",
    "cause",
    "rip",
    "addr",
    "value",
    "task",
    "ret",
    "kind",
    "cpu",
    "slot",
    "flags",
    "aux",
)

#: The slot field of an event that concerns no breakpoint slot.
NO_SLOT = 0xFF


class EventKind(IntEnum):
    """What happened. Numbers are append-only."""

    HIT = 1
    """#DB raised by a breakpoint. addr = DRn, slot = lowest matching slot, value = the
    watched bytes after the access (data) or 0 (execute), aux = DR6 bits 0..15,
    flags = EventFlag. Root of a causal tree; the n-th HIT of a run is hit n."""
    DEBUG_EXCEPTION = 2
    """#DB without a breakpoint (single step, icebp, general detect). aux = DR6 low bits."""
    CALL = 3
    """A kernel function of the model was called. aux = Callee, value = first argument,
    ret = what it returned (0 for void, see Callee)."""
    NOTIFIER_CALL = 4
    """A notifier_block was called. aux = Callee, value = action (DIE_*), addr = priority
    as two's complement, ret = NOTIFY_*."""
    RETURN = 5
    """The return of a CALL whose record had to leave before it was known. cause = the
    CALL, ret and aux as there."""
    NOT_REACHED = 6
    """A callee that the chain did not reach. aux = Callee, addr = priority."""
    DR_WRITE = 7
    """A debug register changed. slot = register number 0..7, addr = old value,
    value = new value, aux = Callee that wrote it."""
    SHADOW_WRITE = 8
    """The kernel's shadow state changed. slot = ShadowField, addr = old, value = new,
    aux = Callee."""
    REGS_WRITE = 9
    """The model changed saved registers of the guest. slot = GuestField, addr = old,
    value = new, aux = Callee."""
    IRET = 10
    """Return from the exception. rip and value = RFLAGS of the image."""
    SIGNAL = 11
    """A signal was sent to task. value = signal number, aux = si_code as u16,
    addr = si_addr."""
    BREAKPOINT_REGISTERED = 12
    """Outcome of a register call. slot = bp index of the recipe as u8, addr, value = length
    | type << 8, ret = 0 or -errno, aux = Callee."""
    BREAKPOINT_UNREGISTERED = 13
    SLOT_RESERVED = 14
    """reserve_bp_slot. ret = 0 or -errno, value = slots pinned on that CPU afterwards."""
    SLOT_RELEASED = 15
    SYSCALL = 16
    """A system call of a task. value = number, addr = first argument, ret = low 32 bits of
    the result (flags has SYSCALL_UNKNOWN for -ENOSYS of an unknown one)."""
    OUTPUT = 17
    """The program wrote. value = number of bytes, aux = file descriptor (1, 2); the bytes
    stand in the side table."""
    FAULT = 18
    """An exception other than #DB reached the model. value = vector, addr = CR2 for #PF,
    aux = error code."""
    TASK_START = 19
    TASK_EXIT = 20
    """value = exit status as wait4 gives it."""
    CONTEXT_SWITCH = 21
    """task = next, value = previous."""
    LIVELOCK = 22
    """No progress: value = number of identical #DB in a row."""
    LIMIT = 23
    """A limit ended the run. aux = Limit, value = the limit."""
    RUN_END = 24
    """Last event. aux = Outcome, value = total retired over all CPUs."""
    INVARIANT = 25
    """An invariant was violated. aux = Invariant number, value/addr = what differed."""
    INT3 = 26
    """#BP. rip = after the int3."""
    INTERRUPT = 27
    """An interrupt from another CPU was taken. value = vector (2 = NMI)."""


class EventFlag(IntFlag):
    """The flags field."""

    USER = 1 << 0  # the CPU was at CPL3
    FAULT_CLASS = 1 << 1  # HIT: rip is AT the instruction (execute breakpoint)
    EXECUTE = 1 << 2  # HIT kinds of the matching slots
    WRITE = 1 << 3
    READ = 1 << 4
    SNAPSHOT = 1 << 5  # a snapshot of this event was recorded
    OPEN = 1 << 6  # CALL: the return follows as RETURN
    VOID = 1 << 7  # CALL: the function returns nothing
    SINGLE_STEP = 1 << 8
    SYSCALL_UNKNOWN = 1 << 9
    SAME_VALUE = 1 << 10  # *_WRITE: written, but nothing changed


class Callee(IntEnum):
    """Functions of the model that appear in a causal tree. Numbers are append-only."""

    NONE = 0
    GUEST = 1  # guest code itself (MOV DR)
    CPU = 2  # the processor (delivery of an exception)
    do_debug = 3
    exc_debug_kernel = 4
    exc_debug_user = 5
    notify_die = 6
    hw_breakpoint_exceptions_notify = 7
    hw_breakpoint_handler = 8
    perf_bp_event = 9
    perf_swevent_overflow = 10
    overflow_handler = 11
    arch_install_hw_breakpoint = 12
    arch_uninstall_hw_breakpoint = 13
    register_user_hw_breakpoint = 14
    register_wide_hw_breakpoint = 15
    unregister_hw_breakpoint = 16
    unregister_wide_hw_breakpoint = 17
    kprobe_exceptions_notify = 18
    kgdb_notify = 19
    local_db_save = 20
    local_db_restore = 21
    send_sigtrap = 22
    ptrace_triggered = 23
    perf_event_create_kernel_counter = 24
    reserve_bp_slot = 25
    release_bp_slot = 26
    hw_breakpoint_restore = 27
    ptrace_set_debugreg = 28


class ShadowField(IntEnum):
    """What of the kernel's own book-keeping a SHADOW_WRITE changed."""

    cpu_dr7 = 0
    cpu_debugreg0 = 1
    cpu_debugreg1 = 2
    cpu_debugreg2 = 3
    cpu_debugreg3 = 4
    bp_per_reg0 = 5
    bp_per_reg1 = 6
    bp_per_reg2 = 7
    bp_per_reg3 = 8
    virtual_dr6 = 9
    ptrace_dr7 = 10


class GuestField(IntEnum):
    """What of the saved registers a REGS_WRITE changed."""

    flags = 0
    ip = 1


class Outcome(IntEnum):
    """How a run ended. 1..9 are covered by the digest; the others are not results of the
    recipe but of its surroundings and have no digest."""

    completed = 1
    livelock = 2
    guest_fault = 3
    limit_reached = 4
    deadlock = 5
    wall_limit = 10
    cancelled = 11
    crashed = 12
    killed = 13
    recipe_error = 14


class Limit(IntEnum):
    """Which limit of the recipe ended a run."""

    instructions = 1
    events = 2
    memory = 3
    wall_ms = 4
    output = 5
