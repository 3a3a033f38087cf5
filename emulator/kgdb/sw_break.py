"""kgdb's software breakpoints: kgdb_break[] of kernel/debug/debug_core.c.

An int3 stands in the code only while the machine runs; the debugger sees the original.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from emulator.errors import KernelError

MAX_BREAKPOINTS = 1000
_INT3 = b"\xcc"
_E2BIG, _EEXIST, _ENOENT = 7, 17, 2

#: (address, length) to bytes; (address, bytes). Both raise KernelError for a bad address.
Read = Callable[[int, int], bytes]
Write = Callable[[int, bytes], None]


class State(Enum):
    """enum kgdb_bpstate."""

    REMOVED = 1
    SET = 2
    ACTIVE = 3


@dataclass(slots=True)
class _Break:
    addr: int
    saved: bytes
    state: State


class SwBreaks:
    """The table, and the moves between its states."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write
        self._breaks: dict[int, _Break] = {}

    def set(self, addr: int) -> None:
        """dbg_set_sw_break: the address must be writable. EEXIST, E2BIG, or as read."""
        found = self._breaks.get(addr)
        if found is not None and found.state is State.SET:
            raise KernelError(_EEXIST, f"there is a breakpoint at {addr:#x}")
        saved = self._read(addr, 1)
        self._write(addr, saved)
        live = [b for b in self._breaks.values() if b.state is not State.REMOVED]
        if len(live) >= MAX_BREAKPOINTS:
            raise KernelError(_E2BIG, "kgdb_break[] is full")
        self._breaks[addr] = _Break(addr, saved, State.SET)

    def remove(self, addr: int) -> None:
        """dbg_remove_sw_break. ENOENT."""
        found = self._breaks.get(addr)
        if found is None or found.state is not State.SET:
            raise KernelError(_ENOENT, f"no breakpoint at {addr:#x}")
        found.state = State.REMOVED

    def remove_all(self) -> None:
        """dbg_remove_all_break: out of the code and out of the table."""
        self.deactivate()
        self._breaks.clear()

    def activate(self) -> None:
        """Before the machine runs on: int3 into the code."""
        for entry in self._breaks.values():
            if entry.state is State.SET:
                entry.saved = self._read(entry.addr, 1)
                self._write(entry.addr, _INT3)
                entry.state = State.ACTIVE

    def deactivate(self) -> None:
        """After the machine stopped: the original code."""
        for entry in self._breaks.values():
            if entry.state is State.ACTIVE:
                self._write(entry.addr, entry.saved)
                entry.state = State.SET

    def is_removed(self, addr: int) -> bool:
        """kgdb_isremovedbreak: it stood there when the CPU ran into it."""
        found = self._breaks.get(addr)
        return found is not None and found.state is State.REMOVED

    def stands_at(self, addr: int) -> bool:
        """A breakpoint that the debugger set and has not removed."""
        found = self._breaks.get(addr)
        return found is not None and found.state is not State.REMOVED
