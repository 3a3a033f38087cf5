"""What the core asks of the architecture: the arch_* functions of linux/hw_breakpoint.h."""

from __future__ import annotations

from typing import Protocol

from emulator.core.perf_event import ArchHwBreakpoint, PerfEvent, PerfEventAttr


class ArchBreakpointOps(Protocol):
    """Fulfilled by arch.x86.install."""

    def hw_breakpoint_arch_parse(
        self, attr: PerfEventAttr, *, task: int
    ) -> ArchHwBreakpoint:
        """Encode, or raise KernelError with the kernel's errno. task 0: for a CPU."""

    def arch_check_bp_in_kernelspace(self, info: ArchHwBreakpoint) -> bool:
        """The range touches kernel addresses."""

    def arch_install_hw_breakpoint(self, event: PerfEvent, cpu: int) -> None:
        """Into the first free slot of the CPU. KernelError(EBUSY) when none is free."""

    def arch_uninstall_hw_breakpoint(self, event: PerfEvent, cpu: int) -> None:
        """Out of its slot."""
