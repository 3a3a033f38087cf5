"""TF as a tracer and the traced program see it: arch/x86/kernel/step.c, and get_flags and
set_flags of ptrace.c."""

from __future__ import annotations

from emulator.arch.x86.exception import FLAG_TF, Thread


def flags_shown(thread: Thread, flags: int) -> int:
    """get_flags(): a TF that the kernel forced is not shown."""
    return flags & ~FLAG_TF if thread.tif_forced_tf else flags


def flags_given(thread: Thread, flags: int) -> int:
    """set_flags(): a TF from the tracer is the program's own from now on."""
    if flags & FLAG_TF:
        thread.tif_forced_tf = False
    return flags | FLAG_TF if thread.tif_forced_tf else flags


def user_enable_single_step(thread: Thread, flags: int, *, sets_tf: bool) -> int:
    """PTRACE_SINGLESTEP; returns the flags to go on with.

    sets_tf: is_setting_trap_flag() of the instruction that comes (POPF, IRET).
    """
    if sets_tf:
        thread.tif_forced_tf = False
    elif not (thread.tif_singlestep or flags & FLAG_TF):
        thread.tif_forced_tf = True
    thread.tif_singlestep = True
    return flags | FLAG_TF


def user_disable_single_step(thread: Thread, flags: int) -> int:
    """PTRACE_CONT; returns the flags to go on with."""
    flags = flags_shown(thread, flags)
    thread.tif_singlestep = thread.tif_forced_tf = False
    return flags
