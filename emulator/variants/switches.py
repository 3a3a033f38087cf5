"""The switches of the kernel model: one field per question that releases answer differently.

A set of switches is all that the model knows of "which kernel". The doc of each field
says which behaviour of arch/x86/kernel/{hw_breakpoint,traps,kgdb}.c it stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RcRule(StrEnum):
    """When hw_breakpoint_handler returns NOTIFY_DONE although it knew the breakpoint."""

    bp_found = "bp_found"
    """2.6.33: DONE as soon as one slot had an owner."""
    vd6 = "vd6"
    """2.6.34 and later: DONE when the thread's virtual DR6 has trap bits."""
    serviced = "serviced"
    """DONE unless each overflow handler answered NOTIFY_STOP and no bit is left."""


class Dr7Exit(StrEnum):
    """What hw_breakpoint_handler writes to DR7 on its way out."""

    saved = "saved"
    """The value it found at entry (it wrote 0 meanwhile)."""
    cpu_dr7 = "cpu_dr7"
    """The wanted value of this CPU (it wrote 0 meanwhile)."""
    none = "none"
    """The handler does not touch DR7 at all."""


class Dr7OuterSave(StrEnum):
    """Whether the exception entry saves DR7, disarms, and restores the saved value."""

    none = "none"
    debug_and_nmi = "debug_and_nmi"
    """local_db_save/local_db_restore around exc_debug_kernel and exc_nmi."""
    restores_cpu_dr7 = "restores_cpu_dr7"
    """The same, but what is written back is cpu_dr7: tried on a real kernel."""


class RfBy(StrEnum):
    """Who sets RF in the saved flags after an execute breakpoint."""

    kgdb_dr6 = "kgdb_dr6"
    """kgdb on resume, from the B bits it reads in DR6."""
    none = "none"
    """Nobody: the instruction is fetched again, the breakpoint hits again."""
    handler = "handler"
    """hw_breakpoint_handler, since 2.6.36."""


class DebugState(StrEnum):
    """Where a task's own breakpoints live."""

    thread = "thread"
    """2.6.32: thread.debugreg*, written to the CPU when a debugged task is switched to,
    and left there when it is switched away (lazy)."""
    perf = "perf"
    """Since 2.6.33: perf events of the task, installed and removed by its context."""


class RestoreDr6(StrEnum):
    """What hw_breakpoint_restore writes to DR6."""

    thread = "thread"
    """thread.debugreg6 (to 5.9)."""
    fixed = "fixed"
    """0xffff0ff0."""


class KgdbProgram(StrEnum):
    """How kgdb puts its breakpoints into the debug registers."""

    direct = "direct"
    """It writes DR0-3 and DR7 itself, behind perf's back."""
    arch_install = "arch_install"
    """Through perf events and arch_install_hw_breakpoint."""


class CallbackOfKgdb(StrEnum):
    """What the overflow handler of kgdb's perf events does."""

    none = "none"
    notify_received = "notify_received"
    """Enters the debugger and remembers that it did (v1 of the patch of 2010)."""
    notify_again = "notify_again"
    """Enters the debugger and tells nobody, so that the die chain does it again."""
    ll_trap = "ll_trap"
    """Enters the debugger through kgdb_ll_trap; the result is ignored."""
    vd6_all = "vd6_all"
    """Sets the trap bit of every enabled breakinfo in the thread's virtual DR6."""
    vd6_hit = "vd6_hit"
    """Sets the trap bit of the one that was hit."""
    ret_honoured = "ret_honoured"
    """Its return value decides what hw_breakpoint_handler returns."""


class KgdbTypes(StrEnum):
    """How the number behind Z becomes a type of breakpoint."""

    translated = "translated"
    """1 execute, 2 write, 4 access; 3, read, is refused."""
    as_numbered = "as_numbered"
    """Taken for HW_BREAKPOINT_*: 1 read (refused), 2 write, 3 access, 4 execute."""
    ascii = "ascii"
    """The digit itself instead of its value, as in 64e9ee3095b: no type has it."""


class Reserve(StrEnum):
    """How kgdb accounts for the slots that it takes."""

    none = "none"
    dbg = "dbg"
    """dbg_reserve_bp_slot: lock-free, refused while somebody holds the accounting lock."""


@dataclass(frozen=True, slots=True)
class Switches:
    """One kernel, as the model sees it. Field order is the order of docs/recipe.md."""

    # The #DB entry and exit: arch/x86/kernel/traps.c.
    dr6_cleared_on_entry: bool
    """The #DB entry resets DR6 after reading it."""
    dr6_fixed_masked: bool
    """The fixed ones of DR6 (0xffff0ff0) are removed from the value passed on."""
    dr6_reset_to_fixed: bool
    """The reset writes 0xffff0ff0 (6.x) instead of 0."""
    err_is_pointer: bool
    """notify_die passes a pointer to dr6, so callees can clear bits in it."""
    vd6_set_on_kernel_entry: bool
    """A #DB from kernel mode stores dr6 into the thread's virtual DR6 first."""
    vd6_accumulates: bool
    """Trap bits of earlier hits stay in the thread's virtual DR6."""
    vd6_keeps_only_bs: bool
    """A #DB from user mode starts with virtual DR6 = dr6 & BS (6.x), else = dr6."""
    kernel_hit_signals: bool
    """A #DB from kernel mode with bits left in virtual DR6 sends SIGTRAP to current."""
    stray_step_marks_thread: bool
    """A single step of the kernel that nobody claimed sets TIF_SINGLESTEP."""
    entry_clears_dr7: bool
    """A #DB that nobody claimed ends with DR7 = 0; a B bit without thread.debugreg7 is
    taken for a leftover and dropped (2.6.32)."""
    dr7_outer_save: Dr7OuterSave
    outer_save_skips_idle_guest: bool
    """Under a hypervisor without armed breakpoints the outer save touches no register."""

    # hw_breakpoint_handler: arch/x86/kernel/hw_breakpoint.c.
    handler_on_chain: bool
    """The die chain has hw_breakpoint's notifier (since 2.6.33)."""
    handler_rc_rule: RcRule
    handler_break_on_null: bool
    """The slot loop of hw_breakpoint_handler ends at a slot without owner."""
    handler_clears_unowned: bool
    """The B bit of a slot without owner is cleared in dr6 too."""
    handler_clears_vd6: bool
    """The handler clears the trap bits of the thread's virtual DR6 first."""
    handler_defers_stepped_execute: bool
    """An execute hit that comes together with a single step is left for its re-raise."""
    handler_dr7_exit: Dr7Exit
    rf_by: RfBy
    bs_early_return: bool
    """The handler returns NOTIFY_DONE at once when dr6 has BS."""
    restore_dr6: RestoreDr6

    # perf and the slots: kernel/events/core.c, kernel/events/hw_breakpoint.c, ptrace.c.
    overflow_needs_active: bool
    """The perf path leaves before the overflow handler unless the event is ACTIVE."""
    debug_state: DebugState
    period_set_on_add: bool
    """Putting an event on a CPU starts its sampling period; before, the first hit of an
    event with a period overflowed, twice."""
    slots_by_event_list: bool
    """A task's slots are counted by its list of events, of any CPU (2.6.33 to .35)."""
    slots_exactly_full: bool
    """A CPU is full at exactly 4, so that 5 go unnoticed, and an event without a type is
    refused by the validation after that (2.6.33, .34); else at 4 or more, and before."""
    register_skips_disabled: bool
    """A disabled event with an overflow handler is registered unseen (2.6.33, .34)."""
    modify_skips_disabled: bool
    """What modify leaves disabled is not validated, and its registers' image not made."""
    uninstall_dr7_first: bool
    """arch_uninstall writes DR7 before cpu_dr7, so that an NMI never finds the reverse."""
    parse_space_by_target: bool
    """Task events must be in user space, CPU events in the kernel's, else EFAULT."""
    parse_null_refused: bool
    """Address 0 is EINVAL."""
    parse_kernel_execute_refused: bool
    """An execute breakpoint at a kernel address is EINVAL (0x40 compared with 0x80)."""
    parse_execute_is_long: bool
    """bp_len of an execute breakpoint must be sizeof(long); else 1, 2, 4 or 8."""
    parse_ranges: bool
    """Longer powers of two are ranges of AMD parts: EOPNOTSUPP without them."""
    parse_cpu_entry_refused: bool
    """Ranges that the CPU itself needs on entry (GDT, TSS, cpu_dr7 …) are EINVAL."""
    ptrace_dr7_rebuilt: bool
    """PEEKUSR of DR7 gives the enabled breakpoints with G bits, not the stored value."""
    ptrace_needs_address: bool
    """Enabling a slot whose address was never written is EINVAL."""
    ptrace_excludes_kernel: bool
    """Its breakpoints are exclude_kernel: kernel addresses are EINVAL, what the kernel
    does for the task is no hit."""
    ptrace_flush_clears: bool
    """exec and exit also clear the virtual DR6 and DR7."""
    ptrace_dr6_flipped: bool
    """PEEKUSR and POKEUSR of DR6 show hardware's polarity, where 0 is 0xffff0ff0."""
    signal_frames_keep_rf: bool
    """A signal handler starts with RF clear and its return brings RF back from the frame;
    before, it started with RF as it was, and the return lost it."""

    # kgdb: kernel/debug/debug_core.c, arch/x86/kernel/kgdb.c.
    kgdb_prog: KgdbProgram
    kgdb_cb: CallbackOfKgdb
    kgdb_prio: int
    """Priority of kgdb's die notifier."""
    kgdb_types: KgdbTypes
    kgdb_needs_trap_bits: bool
    """kgdb's notifier leaves a #DB alone whose dr6 has no trap bits left."""
    kgdb_step_on_any_cpu: bool
    """A single step may end on another CPU than it began on."""
    kgdb_step_holds_others: bool
    """While one CPU steps, the others stay in the debugger."""
    kgdb_length_8: bool
    """Watchpoints of 8 bytes are accepted."""
    kgdb_validates: bool
    """Breakpoints of the debugger go through perf's validation and carry its errno."""
    kgdb_corrects_at_resume: bool
    """The master re-arms when the debugger says continue, else on its way out."""
    callback_once: bool
    """A second slot of the same #DB does not enter the debugger again."""
    callback_clears_bs: bool
    """The callback that stopped takes the single step of the same #DB with it."""
    reserve: Reserve
    reserve_unwinds: bool
    """When one CPU has no slot, those taken on the CPUs before it are given back."""
    remove_all_clears: bool
    """kgdb_remove_all_hw_break clears what was installed, not only its own table."""
    slave_disables: bool
    """CPUs that wait for the master write DR7 = 0 themselves."""
    stub_thread_ids_minimal: bool
    """Thread ids of the stub have no leading zeros (2.6.35), else 16 digits."""
    stub_image_has_ds_es: bool
    """The stub's register image has 156 bytes and ends with ds and es, else 148."""
    stub_single_registers: bool
    """The stub knows p and P (2.6.36)."""
    stub_rsi_shows_rdx: bool
    """The stub's table of registers names the wrong field for rsi (2.6.36)."""
    stub_sleeping_flags: bool
    """Of a sleeping task the stub fills in flags, cs and ss (to 2.6.35)."""
    stub_read_errno_kept: bool
    """A failed m of the stub says why, else always E22 (to 2.6.35)."""
    stub_reads_kernel_only: bool
    """The stub refuses user addresses with ERANGE (5.8)."""
    stub_query_mismatch_is_error: bool
    """Queries that the stub knows half are E22, else empty (2.6.33)."""
    stub_unknown_signal_continues: bool
    """C with a signal that kgdb does not know continues (2.6.35), else E22."""
    early: bool
    """kgdb can run before perf is up and then writes the registers directly."""
