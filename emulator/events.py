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
    """reserve_bp_slot. ret = 0 or -errno, slot = whose (0..63 a breakpoint of the recipe,
    128.. kgdb's, 192.. a tracer's), addr = its CPU as two's complement (-1 = all),
    value = slots pinned on the fullest CPU afterwards | pid of its task << 32."""
    SLOT_RELEASED = 15
    """release_bp_slot. Fields as for SLOT_RESERVED."""
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
    KGDB_ENTER = 28
    """A CPU is in the debugger. value = exception vector, addr = signal number,
    flags = SLAVE for one that was rounded up. Ends with KGDB_LEAVE."""
    KGDB_LEAVE = 29
    """It leaves. ret = what kgdb_cpu_enter returns, flags as on entry."""
    DEBUGGER_STOP = 30
    """The debugger was told of a stop. slot = nothing, value = number of the stop from 1,
    0 when nobody wanted it (CONDITION) and nobody was asked, addr = pc as the debugger
    sees it, aux = signal number. rip as usual."""
    PACKET = 31
    """A packet of the GDB protocol. aux = 0 from the debugger, 1 to it, value = bytes;
    the payload stands in the side table."""
    ACTION = 32
    """An entry of the recipe's script begins; what it does are its children.
    value = index in the script, aux = Callee it calls, ret = 0 or -errno."""
    NOT_FIRED = 33
    """An access that the kernel believes to be watched while the hardware has it off.
    slot = the shadow's slot (0xff for a debugger's own table), addr = watched address,
    value = the bytes after the access, flags = kinds, aux = ShadowOwner."""
    VM_ENTRY = 34
    """This CPU runs a guest. value = the guest's DR7."""
    VM_EXIT = 35
    """It is back; the processor has set DR7 to 0x400."""
    SLOT_ARITHMETIC = 36
    """Why a slot was granted or refused, on the CPU that decided. slot = that CPU,
    value = own slots | the worst task's << 8 | flexible << 16 | asked for << 24,
    addr = pid of that task, 0 for none."""
    TASK_FORK = 37
    """value = pid of the child."""
    TASK_EXEC = 38
    """The task began another program; its own breakpoints are gone."""
    BREAKPOINT_CHANGED = 39
    """modify, enable or disable. Fields as BREAKPOINT_REGISTERED; value also has
    disabled << 16."""
    RESTOPS = 40
    """The debugger stopped at one RIP again and again, nothing retired. value = times."""
    NOTIFIER_ADDED = 41
    """A notifier_block joined a chain. aux = Callee, addr = priority, ret = 0 or -errno,
    slot = index of a notifier of the recipe."""
    NOTIFIER_REMOVED = 42
    """It left. Fields as for NOTIFIER_ADDED."""
    BREAKINFO_WRITE = 43
    """kgdb's table changed. slot = index, addr = address, value = len | type << 8 |
    enabled << 16, aux = Callee."""
    SIGNAL_FRAME = 44
    """A handler of the program is entered. value = signal number, addr = the frame."""
    SIGNAL_RETURN = 45
    """rt_sigreturn. value = RFLAGS taken from the frame."""
    PTRACE_STOP = 46
    """A traced task reports to its tracer. value = signal number, aux = si_code."""
    CONDITION = 47
    """Below a HIT: a matched breakpoint of the recipe that does not want every hit.
    slot = its index, value = its hits so far, ret = 1 when its condition holds, 0 when
    not, -errno when it has no value; aux = ConditionResult."""


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
    SLAVE = 1 << 11  # KGDB_*: this CPU was rounded up
    REPEAT = 1 << 12  # INVARIANT: not the first of its number in this run


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
    ptrace_get_debugreg = 29
    flush_ptrace_hw_breakpoint = 30
    modify_user_hw_breakpoint = 31
    perf_event_enable = 32
    perf_event_disable = 33
    dbg_reserve_bp_slot = 34
    dbg_release_bp_slot = 35
    kgdb_handle_exception = 36
    kgdb_cpu_enter = 37
    kgdb_roundup_cpus = 38
    kgdb_nmicallback = 39
    kgdb_disable_hw_debug = 40
    kgdb_correct_hw_break = 41
    kgdb_set_hw_break = 42
    kgdb_remove_hw_break = 43
    kgdb_remove_all_hw_break = 44
    kgdb_hw_overflow_handler = 45
    kgdb_ll_trap = 46
    kgdb_arch_init = 47
    kgdb_arch_late = 48
    kgdb_arch_exit = 49
    kgdb_skipexception = 50
    kgdb_arch_handle_exception = 51
    gdb_serial_stub = 52
    kgdb_reboot_notifier = 53
    do_int3 = 54
    exc_nmi = 55
    do_nmi = 56
    switch_to_xtra = 57
    perf_event_task_sched_in = 58
    perf_event_task_sched_out = 59
    vcpu_enter_guest = 60
    hw_breakpoint_disable = 61
    kexec = 62
    save_processor_state = 63
    restore_processor_state = 64
    copy_thread = 65
    flush_thread = 66
    exit_thread = 67
    do_signal = 68
    setup_rt_frame = 69
    rt_sigreturn = 70
    recipe_notifier = 71
    """A notifier_block that the recipe declares; slot tells which."""
    debugger = 72
    """The debugger at the other end of the line."""
    probe = 73
    """The recipe's script, writing registers as a test module would."""
    register_perf_cpu_breakpoint = 74
    """perf_event_create_kernel_counter for one CPU."""


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
    early_dr7 = 11
    debugreg7 = 12
    """thread.debugreg7 (to 2.6.32)."""
    received_hw_brk = 13
    """The flag of patch 1/4, version 1."""
    tif_singlestep = 14
    doing_single_step = 15
    """kgdb_cpu_doing_single_step + 1, 0 = none."""


class ShadowOwner(IntEnum):
    """Whose book-keeping says that an access is watched."""

    perf = 0
    kgdb = 1
    thread = 2


class ConditionResult(IntEnum):
    """What a condition came to for whoever waits for hits. Numbers are append-only."""

    unwanted = 0
    """The condition does not hold."""
    wanted = 1
    ignored = 2
    """It holds, and so many hits are still to be ignored."""
    last = 3
    """Wanted, and the limit is reached: the breakpoint is disabled now."""


class Invariant(IntEnum):
    """What should hold in every run. Numbers are append-only; docs/events.md."""

    dr7_equals_cpu_dr7 = 1
    """After an exception returned: DR7 == cpu_dr7 | 0x400."""
    delivered_once = 2
    """Each hit reaches its owner exactly once. value = times, addr = slot."""
    no_stray_sigtrap = 3
    """SIGTRAP only for a task that traces itself or is traced. value = pid."""
    progress = 4
    """value = identical exceptions in a row."""
    no_foreign_stop = 5
    """The debugger stops for its own breakpoints and steps only. addr = slot."""
    armed_has_owner = 6
    """An enabled slot of the hardware has somebody who asked for it. addr = slot."""
    owner_is_armed = 7
    """Who holds a slot of this CPU is armed in the hardware. addr = slot."""
    slots_conserved = 8
    """Reserved slots are those of living breakpoints. value = reserved, addr = living."""


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
    restops = 6
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
