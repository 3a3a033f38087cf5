"""A CPU at a hit as expressions ask it: the same words as in the hit's first snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emulator.arch.x86.cpu_state import CpuState
from emulator.arch.x86.exception import Thread
from emulator.errors import EvaluationError, KernelError
from emulator.expression import ENODATA
from emulator.snapshot import GENERAL
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.debugreg import FLAG_RF

_SEGMENTS = (raw.CS, raw.SS, raw.DS, raw.ES)


class CpuAtHit:
    """emulator.expression.Environment; cpu.regs are loaded. What a breakpoint knows of
    its hit is set before each evaluation; None is not known."""

    def __init__(self, cpu: Cpu, state: CpuState, thread: Thread) -> None:
        self.cpu = cpu
        self.state = state
        self.thread = thread
        self.value: int | None = None
        self.old: int | None = None
        self.hits = 0

    def register(self, name: str) -> int:
        """A word of the snapshot."""
        return _WORDS[name](self)

    def memory(self, address: int, size: int) -> bytes:
        """Linear addresses as the CPU maps them, whatever the protection."""
        try:
            return self.cpu.space.read(address, size, 0)
        except KernelError as error:
            detail = f"cannot read {size} bytes at {address:#x}"
            raise EvaluationError(detail, error.errno) from error

    def symbol(self, name: str) -> int:
        """Symbols were looked up when the images were loaded."""
        raise EvaluationError(f"{name} is not known", ENODATA)

    def fact(self, name: str) -> int:
        """value, old, cpu, task, hits."""
        found = _FACTS[name](self)
        if found is None:
            raise EvaluationError(f"{name} is not known at this hit", ENODATA)
        return found


_FACTS: Mapping[str, Callable[[CpuAtHit], int | None]] = {
    "value": lambda hit: hit.value,
    "old": lambda hit: hit.old,
    "hits": lambda hit: hit.hits,
    "cpu": lambda hit: hit.cpu.index,
    "task": lambda hit: hit.thread.pid,
}


def _general(index: int) -> Callable[[CpuAtHit], int]:
    return lambda hit: hit.cpu.regs.values[index]


def _debug(number: int) -> Callable[[CpuAtHit], int]:
    return lambda hit: hit.cpu.unit.read(number)


def _copied(slot: int) -> Callable[[CpuAtHit], int]:
    return lambda hit: hit.state.cpu_debugreg[slot]


def _owner(slot: int) -> Callable[[CpuAtHit], int]:
    return lambda hit: hit.state.owner(slot)


def _flags(hit: CpuAtHit) -> int:
    flags: int = hit.cpu.regs.values[raw.EFLAGS]
    return flags | (FLAG_RF if hit.cpu.image_rf else 0)


def _selectors(hit: CpuAtHit) -> int:
    values = hit.cpu.regs.values
    return sum(values[index] << 16 * at for at, index in enumerate(_SEGMENTS))


_WORDS: Mapping[str, Callable[[CpuAtHit], int]] = {
    **{name: _general(index) for index, name in enumerate(GENERAL)},
    "rflags": _flags,
    "fs_base": _general(raw.FS_BASE),
    "gs_base": _general(raw.GS_BASE),
    "cr3": _general(raw.CR3),
    "selectors": _selectors,
    **{f"dr{number}": _debug(number) for number in (0, 1, 2, 3, 6, 7)},
    "cpu_dr7": lambda hit: hit.state.cpu_dr7,
    **{f"cpu_debugreg{slot}": _copied(slot) for slot in range(4)},
    **{f"bp_per_reg{slot}": _owner(slot) for slot in range(4)},
    "virtual_dr6": lambda hit: hit.thread.virtual_dr6,
    "ptrace_dr7": lambda hit: hit.thread.ptrace_dr7,
}
