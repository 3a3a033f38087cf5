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


class RfBy(StrEnum):
    """Who sets RF in the saved flags after an execute breakpoint."""

    kgdb_dr6 = "kgdb_dr6"
    """kgdb on resume, from the B bits it reads in DR6."""
    none = "none"
    """Nobody: the instruction is fetched again, the breakpoint hits again."""
    handler = "handler"
    """hw_breakpoint_handler, since 2.6.36."""


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
    ll_trap = "ll_trap"
    """Enters the debugger through kgdb_ll_trap; the result is ignored."""
    vd6_all = "vd6_all"
    """Sets the trap bit of every enabled breakinfo in the thread's virtual DR6."""
    ret_honoured = "ret_honoured"
    """Its return value decides what hw_breakpoint_handler returns."""


class Reserve(StrEnum):
    """How kgdb accounts for the slots that it takes."""

    none = "none"
    dbg = "dbg"
    """dbg_reserve_bp_slot: lock-free, refused while somebody holds the accounting lock."""


@dataclass(frozen=True, slots=True)
class Switches:
    """One kernel, as the model sees it. Field order is the order of docs/recipe.md."""

    dr6_cleared_on_entry: bool
    """The #DB entry resets DR6 after reading it."""
    dr6_fixed_masked: bool
    """The fixed ones of DR6 (0xffff0ff0) are removed from the value passed on."""
    dr6_reset_to_fixed: bool
    """The reset writes 0xffff0ff0 (6.x) instead of 0."""
    err_is_pointer: bool
    """notify_die passes a pointer to dr6, so callees can clear bits in it."""
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
    dr7_outer_save: Dr7OuterSave
    outer_save_skips_idle_guest: bool
    """Under a hypervisor without armed breakpoints the outer save touches no register."""
    rf_by: RfBy
    bs_early_return: bool
    """The handler returns NOTIFY_DONE at once when dr6 has BS."""
    kernel_hit_signals: bool
    """A #DB from kernel mode with bits left in virtual DR6 sends SIGTRAP to current."""
    vd6_set_on_kernel_entry: bool
    """A #DB from kernel mode stores dr6 into the thread's virtual DR6 first."""
    vd6_keeps_only_bs: bool
    """A #DB from user mode starts with virtual DR6 = dr6 & BS (6.x), else = dr6."""
    overflow_needs_active: bool
    """The perf path leaves before the overflow handler unless the event is ACTIVE."""
    kgdb_prog: KgdbProgram
    kgdb_cb: CallbackOfKgdb
    kgdb_prio: int
    """Priority of kgdb's die notifier."""
    reserve: Reserve
    remove_all_clears: bool
    """kgdb_remove_all_hw_break clears what was installed, not only its own table."""
    slave_disables: bool
    """CPUs that wait for the master write DR7 = 0 themselves."""
    early: bool
    """kgdb can run before perf is up and then writes the registers directly."""
