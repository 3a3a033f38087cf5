"""Names for the numbers that Linux and the CPU use: errno, signals, die actions, priorities."""

from __future__ import annotations

from enum import IntEnum

#: include/linux/kdebug.h as of the x86 headers: enum die_val.
DIE_NAMES = {
    1: "DIE_OOPS",
    2: "DIE_INT3",
    3: "DIE_DEBUG",
    4: "DIE_PANIC",
    5: "DIE_NMI",
    6: "DIE_DIE",
    7: "DIE_KERNELDEBUG",
    8: "DIE_TRAP",
    9: "DIE_GPF",
    10: "DIE_CALL",
    11: "DIE_PAGE_FAULT",
    12: "DIE_NMIUNKNOWN",
}

_NOTIFY_STOP_MASK = 0x8000
_RETURNS = {0: "DONE", 1: "OK", 0x8001: "STOP", 0x8002: "BAD"}

# The numbers are the x86 ones; the errno module of another host would name others.
_ERRNO = {
    1: "EPERM",
    2: "ENOENT",
    3: "ESRCH",
    12: "ENOMEM",
    14: "EFAULT",
    16: "EBUSY",
    17: "EEXIST",
    19: "ENODEV",
    22: "EINVAL",
    28: "ENOSPC",
    33: "EDOM",
    38: "ENOSYS",
    61: "ENODATA",
    95: "EOPNOTSUPP",
}
_SIGNALS = {
    4: "SIGILL",
    5: "SIGTRAP",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
}
_EXCEPTIONS = {
    0: "#DE",
    1: "#DB",
    2: "NMI",
    3: "#BP",
    4: "#OF",
    5: "#BR",
    6: "#UD",
    7: "#NM",
    8: "#DF",
    10: "#TS",
    11: "#NP",
    12: "#SS",
    13: "#GP",
    14: "#PF",
    16: "#MF",
    17: "#AC",
    19: "#XM",
}
_INT_MAX = 0x7FFFFFFF


def errno_name(ret: int) -> str:
    """``-ENOSPC`` for -28; unknown numbers stay numbers."""
    return f"-{_ERRNO[-ret]}" if -ret in _ERRNO else str(ret)


def signal_name(number: int) -> str:
    """``SIGTRAP`` for 5."""
    return _SIGNALS.get(number, f"signal {number}")


def exception_name(vector: int) -> str:
    """``#PF`` for 14."""
    return _EXCEPTIONS.get(vector, f"vector {vector}")


def return_name(ret: int) -> tuple[str, bool]:
    """A NOTIFY_* value as (name without prefix, whether it stops the chain)."""
    value = ret & 0xFFFF
    return _RETURNS.get(value, f"{value:#x}"), bool(value & _NOTIFY_STOP_MASK)


def signed(value: int) -> int:
    """The two's complement reading of a 64-bit word."""
    return value - (1 << 64) if value >> 63 else value


def priority_name(word: int) -> str:
    """The priority of a notifier_block; INT_MAX by its name."""
    value = signed(word)
    if abs(value) == _INT_MAX:
        return "INT_MAX" if value > 0 else "−INT_MAX"
    return str(value).replace("-", "−")


def enum_name(enum: type[IntEnum], value: int) -> str:
    """The member's name, or a number when a newer emulator wrote it."""
    try:
        return enum(value).name
    except ValueError:
        return f"{enum.__name__} {value}"


_INVARIANTS = {
    1: "DR7 and cpu_dr7 part after IRET",
    2: "not delivered exactly once to its owner",
    3: "SIGTRAP for a task that nobody traces",
    4: "no forward progress",
    5: "the debugger stopped for somebody else's breakpoint",
    6: "a slot is armed and nobody owns it",
    7: "a breakpoint is believed to be armed and is not",
    8: "slots are reserved for nobody",
}


def invariant_in_words(number: int) -> str:
    """What an INVARIANT event says is broken."""
    return _INVARIANTS.get(number, f"invariant {number} broken")
