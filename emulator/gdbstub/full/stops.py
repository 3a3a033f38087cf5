"""Stop replies: T with the reason, the thread, its CPU and the registers gdb asks next."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from emulator.errors import KernelError
from emulator.gdbstub.actions import StopKind
from emulator.gdbstub.full.registers import value_text
from emulator.gdbstub.full.session import FullSession
from emulator.gdbstub.full.threads import thread_text
from emulator.gdbstub.registers import CORE
from emulator.gdbstub.replies import Data

#: By the numbers that gdb has fixed.
_EXPEDITED = tuple(
    (number, register)
    for number, register in enumerate(CORE.registers)
    if register.name in ("rbp", "rsp", "rip")
)
_WATCHES = frozenset((StopKind.WATCH, StopKind.RWATCH, StopKind.AWATCH))


def stop_reply(session: FullSession) -> Data:
    """The stop that is, once more."""
    stop = session.stop
    current = session.current
    parts = [
        *_reason(session),
        b"thread:" + thread_text(current),
        b"core:%x" % session.target.threads.current_cpu,
        *_expedited(session, current),
        b"",
    ]
    return Data(b"T%02x" % (stop.signal & 0xFF) + b";".join(parts))


def _reason(session: FullSession) -> list[bytes]:
    """Words that a client understands only when it said so are left out otherwise."""
    stop = session.stop
    if stop.kind in _WATCHES:
        return [b"%b:%x" % (stop.kind.value.encode(), stop.address or 0)]
    if stop.kind.value not in session.client:
        return []
    if stop.kind is StopKind.SWBREAK:
        _rewind(session)
    return [stop.kind.value.encode() + b":"]


def _rewind(session: FullSession) -> None:
    """RIP back onto the int3: with "swbreak" gdb does not do that itself."""
    stop, registers = session.stop, session.target.registers
    if session.rewound or registers is None or stop.address is None:
        return
    with suppress(KernelError):
        registers.write(session.current, {"rip": stop.address})
    session.rewound = True


def _expedited(session: FullSession, thread: int) -> list[bytes]:
    registers = session.target.registers
    if registers is None:
        return []
    values: Mapping[str, int] = {}
    with suppress(KernelError):
        values = registers.read(thread)
    return [
        b"%02x:%b" % (number, value_text(register, values))
        for number, register in _EXPEDITED
        if register.name in values
    ]
