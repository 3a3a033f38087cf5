"""Takes snapshots: all registers of a CPU beside the kernel's shadow state (decisions D6)."""

from __future__ import annotations

import struct

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.exception import Thread
from emulator.kgdb.breakinfo import BreakInfoTable
from emulator.recorder import Recorder
from emulator.snapshot import DEBUG, GENERAL, KGDB, RESERVED, SHADOW, SYSTEM, Moment
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debugreg import FLAG_RF

_HEADER = struct.Struct("<QIBBH")
_REST = struct.Struct(f"<{len(SYSTEM) + len(DEBUG) + len(SHADOW)}Q")
_TAIL = struct.Struct(f"<{len(KGDB) + len(RESERVED)}Q")
_NO_KGDB = bytes(_TAIL.size)
_RFLAGS = struct.Struct("<Q")
_BEFORE_FLAGS = 8 * (len(GENERAL) - 1)


#: What a snapshot shows beside the general registers, already packed.
Picture = bytes


class Photographer:
    """Puts emulator.snapshot images together without decoding what the engine gave."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.table: BreakInfoTable | None = None
        """kgdb's breakinfo[], where there is a kgdb: set by boot."""

    def take(
        self, seq: int, moment: Moment, cpu: Cpu, state: CpuState, thread: Thread
    ) -> Picture:
        """Snapshot of the CPU at event seq; cpu.regs are loaded."""
        unit = cpu.unit
        values = cpu.regs.values
        selectors = (
            values[raw.CS]
            | values[raw.SS] << 16
            | values[raw.DS] << 32
            | values[raw.ES] << 48
        )
        rest = _REST.pack(
            values[raw.FS_BASE],
            values[raw.GS_BASE],
            values[raw.CR3],
            selectors,
            *unit.address,
            unit.dr6,
            unit.dr7,
            state.cpu_dr7,
            *state.cpu_debugreg,
            *[state.owner(slot) for slot in range(4)],
            thread.virtual_dr6,
            thread.ptrace_dr7,
        )
        picture = rest + self._breakinfo()
        self._write(seq, moment, cpu, thread.pid, picture)
        return picture

    def _breakinfo(self) -> bytes:
        """Addresses, then 16 bits per entry: enabled, type and len as DR7 has them."""
        if self.table is None:
            return _NO_KGDB
        entries, meta = self.table.entries, 0
        for entry in entries:
            word = entry.enabled << 8 | (entry.type & 0xF) << 4 | entry.len & 0xF
            meta |= word << 16 * entry.index
        return _TAIL.pack(*[entry.addr for entry in entries], meta, 0)

    def again(self, picture: Picture, seq: int, moment: Moment, cpu: Cpu) -> None:
        """The same picture with the general registers of now."""
        self._write(seq, moment, cpu, self._recorder.task, picture)

    def _write(
        self, seq: int, moment: Moment, cpu: Cpu, pid: int, picture: Picture
    ) -> None:
        flags = cpu.regs.values[raw.EFLAGS] | (FLAG_RF if cpu.image_rf else 0)
        self._recorder.snapshot(
            _HEADER.pack(seq, pid, cpu.index, moment, 0)
            + bytes(cpu.regs.general_bytes[:_BEFORE_FLAGS])
            + _RFLAGS.pack(flags)
            + picture
        )
