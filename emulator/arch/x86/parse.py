"""From perf attributes to DR7 fields: arch/x86/kernel/hw_breakpoint.c.

Two orders of checks: that of 2.6.33 (arch_validate_hwbkpt_settings with the task's or
the CPU's own half of the address space) and today's.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.arch.x86.encoding import (
    X86_BREAKPOINT_EXECUTE,
    X86_BREAKPOINT_LEN,
    X86_BREAKPOINT_LEN_X,
    X86_BREAKPOINT_RW,
    X86_BREAKPOINT_WRITE,
    bytes_of,
)
from emulator.core.perf_event import ArchHwBreakpoint, BpType, PerfEventAttr
from emulator.errors import KernelError
from emulator.variants import Switches

TASK_SIZE_MAX = 0x7FFF_FFFF_F000
#: IST stacks, read-only GDT and TSS of all CPUs: one page directory entry.
CPU_ENTRY_AREA = range(0xFFFF_FE00_0000_0000, 0xFFFF_FE80_0000_0000)
_SIZEOF_LONG = 8
_EFAULT, _EINVAL, _EOPNOTSUPP = 14, 22, 95
_U64 = 1 << 64
_TYPES = {
    BpType.W: X86_BREAKPOINT_WRITE,
    BpType.RW: X86_BREAKPOINT_RW,
    BpType.X: X86_BREAKPOINT_EXECUTE,
}


class AttrParser:
    """hw_breakpoint_arch_parse of one kernel."""

    def __init__(self, switches: Switches, entry_areas: Iterable[range] = ()) -> None:
        """entry_areas: what else the CPUs need on entry (their GDT, TSS, cpu_dr7 …)."""
        self._switches = switches
        self._entry_areas = (CPU_ENTRY_AREA, *entry_areas)

    def parse(self, attr: PerfEventAttr, *, task: int) -> ArchHwBreakpoint:
        """Encode. task 0: for a CPU. Raises KernelError with the kernel's errno."""
        if self._switches.parse_space_by_target:
            return self._parse_by_target(attr, task)
        if attr.bp_addr + attr.bp_len - 1 >= _U64 or not attr.bp_len:
            raise KernelError(_EINVAL, "the range wraps")
        if self._switches.parse_cpu_entry_refused:
            self._check_entry(attr)
        kind = _type_of(attr)
        if attr.bp_type == BpType.X and self._switches.parse_execute_is_long:
            if attr.bp_len != _SIZEOF_LONG:
                raise KernelError(_EINVAL, "an execute breakpoint has sizeof(long)")
            return ArchHwBreakpoint(attr.bp_addr, X86_BREAKPOINT_LEN_X, kind)
        length = self._length_of(attr)
        _check_alignment(attr)
        return ArchHwBreakpoint(attr.bp_addr, length, kind)

    def _parse_by_target(self, attr: PerfEventAttr, task: int) -> ArchHwBreakpoint:
        length = self._length_of(attr)
        kind = _type_of(attr)
        end = attr.bp_addr + attr.bp_len
        in_user = end <= TASK_SIZE_MAX
        refused = self._switches.parse_kernel_execute_refused
        if attr.bp_type == BpType.X and refused and not in_user:
            raise KernelError(_EINVAL, "execute breakpoint outside of user space")
        if self._switches.parse_null_refused and not attr.bp_addr:
            raise KernelError(_EINVAL, "address 0")
        _check_alignment(attr)
        if task and not in_user:
            raise KernelError(_EFAULT, "a task's breakpoint outside of user space")
        if not task and attr.bp_addr < TASK_SIZE_MAX:
            raise KernelError(_EFAULT, "a CPU's breakpoint outside of the kernel")
        return ArchHwBreakpoint(attr.bp_addr, length, kind)

    def _check_entry(self, attr: PerfEventAttr) -> None:
        first, last = attr.bp_addr, attr.bp_addr + attr.bp_len - 1
        for area in self._entry_areas:
            if first < area.stop and last >= area.start:
                raise KernelError(_EINVAL, "the CPU needs this memory on entry")

    def _length_of(self, attr: PerfEventAttr) -> int:
        if attr.bp_len in X86_BREAKPOINT_LEN:
            return X86_BREAKPOINT_LEN[attr.bp_len]
        size = attr.bp_len
        if not (self._switches.parse_ranges and size) or size & (size - 1):
            raise KernelError(_EINVAL, f"length {attr.bp_len}")
        _check_alignment(attr)
        raise KernelError(_EOPNOTSUPP, "this processor has no address masks")


def check_bp_in_kernelspace(info: ArchHwBreakpoint) -> bool:
    """arch_check_bp_in_kernelspace: va or its last byte at or above TASK_SIZE_MAX."""
    return info.address + bytes_of(info.len) - 1 >= TASK_SIZE_MAX


def _type_of(attr: PerfEventAttr) -> int:
    if attr.bp_type not in _TYPES:
        raise KernelError(_EINVAL, "x86 has no such breakpoint type")
    return _TYPES[attr.bp_type]


def _check_alignment(attr: PerfEventAttr) -> None:
    if attr.bp_addr % attr.bp_len:
        raise KernelError(_EINVAL, "address not aligned to the length")
