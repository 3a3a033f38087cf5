"""kgdb's own table of hardware breakpoints: breakinfo[] of arch/x86/kernel/kgdb.c.

What the debugger asked for, apart from what perf and the processor know of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from emulator.arch.x86.encoding import (
    X86_BREAKPOINT_EXECUTE,
    X86_BREAKPOINT_LEN,
    X86_BREAKPOINT_LEN_X,
    X86_BREAKPOINT_RW,
    X86_BREAKPOINT_WRITE,
)
from emulator.core.perf_event import BpType as PerfType
from emulator.errors import KernelError
from emulator.events import Callee, EventKind
from emulator.recorder import Recorder
from emulator.variants import KgdbTypes, Switches

SLOTS = 4
#: The stub answers E01 to whatever kgdb_set_hw_break refuses: it returns -1.
_REFUSED = 1
_EINVAL, _ENOSPC = 22, 28


class BpType(IntEnum):
    """enum kgdb_bptype: the number behind Z and z."""

    BREAKPOINT = 0
    HARDWARE_BREAKPOINT = 1
    WRITE_WATCHPOINT = 2
    READ_WATCHPOINT = 3
    ACCESS_WATCHPOINT = 4


#: The type for DR7 by the number behind Z; what is missing is refused.
_TYPES: Mapping[KgdbTypes, Mapping[int, int]] = {
    KgdbTypes.translated: {
        BpType.HARDWARE_BREAKPOINT: X86_BREAKPOINT_EXECUTE,
        BpType.WRITE_WATCHPOINT: X86_BREAKPOINT_WRITE,
        BpType.ACCESS_WATCHPOINT: X86_BREAKPOINT_RW,
    },
    KgdbTypes.as_numbered: {
        PerfType.W: X86_BREAKPOINT_WRITE,
        PerfType.RW: X86_BREAKPOINT_RW,
        PerfType.X: X86_BREAKPOINT_EXECUTE,
    },
    KgdbTypes.ascii: {},
}


@dataclass(slots=True)
class BreakInfo:
    """One entry; len and type as encoded for DR7."""

    index: int
    enabled: bool = False
    addr: int = 0
    len: int = 0
    type: int = 0


class BreakInfoTable:
    """breakinfo[4]; each change is an event."""

    def __init__(self, switches: Switches, recorder: Recorder) -> None:
        self._switches = switches
        self._recorder = recorder
        self.entries = [BreakInfo(i) for i in range(SLOTS)]
        self.generation = 0
        """Grows with each change."""

    def enabled(self) -> Iterator[BreakInfo]:
        """Those that the debugger wants."""
        return (entry for entry in self.entries if entry.enabled)

    def take(self, addr: int, length: int, kind: BpType) -> BreakInfo:
        """Fill the first free entry, still disabled. KernelError(1): none is free, or
        type or length are not x86's; perf's errno where kgdb validates as perf does.
        No alignment and no address is checked here."""
        entry = next((e for e in self.entries if not e.enabled), None)
        if entry is None:
            raise self._refusal(_ENOSPC, "all four entries of breakinfo are taken")
        types = _TYPES[self._switches.kgdb_types]
        if kind not in types:
            raise self._refusal(_EINVAL, f"x86 has no {BpType(kind).name.lower()}")
        entry.type = types[kind]
        if entry.type == X86_BREAKPOINT_EXECUTE:
            entry.len = X86_BREAKPOINT_LEN_X
        elif length in X86_BREAKPOINT_LEN and self._accepts(length):
            entry.len = X86_BREAKPOINT_LEN[length]
        else:
            raise self._refusal(_EINVAL, f"no watchpoint of {length} bytes")
        entry.addr = addr
        return entry

    def find(self, addr: int) -> BreakInfo:
        """The first enabled entry at the address: length and type are ignored.
        KernelError(1) when there is none."""
        for entry in self.enabled():
            if entry.addr == addr:
                return entry
        raise KernelError(_REFUSED, f"no breakpoint at {addr:#x}")

    def changed(self, entry: BreakInfo, writer: Callee) -> None:
        """Record an entry as it is now."""
        self.generation += 1
        self._recorder.emit(
            EventKind.BREAKINFO_WRITE,
            slot=entry.index,
            aux=writer,
            addr=entry.addr,
            value=entry.len | entry.type << 8 | entry.enabled << 16,
        )

    def _refusal(self, errno: int, detail: str) -> KernelError:
        shown = errno if self._switches.kgdb_validates else _REFUSED
        return KernelError(shown, detail)

    def _accepts(self, length: int) -> bool:
        return length < 8 or self._switches.kgdb_length_8
