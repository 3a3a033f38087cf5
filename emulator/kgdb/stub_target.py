"""What the debug core offers to the GDB stub: kernel/debug/gdbstub.c's way to the kernel.

Implements emulator.gdbstub.target.StubTarget on emulator.kgdb. Of a thread that is on no
CPU only the registers are known that switch_to saved.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from emulator.errors import KernelError
from emulator.gdbstub.actions import ResumeKind
from emulator.gdbstub.faithful.image import INTS, LONGS
from emulator.gdbstub.hexadecimal import ThreadIdFormat
from emulator.gdbstub.rules import FaithfulRules
from emulator.gdbstub.target import (
    BreakpointKind,
    Conditions,
    Monitor,
    Surroundings,
    Task,
)
from emulator.kgdb.breakinfo import BpType
from emulator.kgdb.debug_core import DebugCore
from emulator.kgdb.ports import Machine, TaskFacts
from emulator.variants import Switches

_EFAULT, _EINVAL = 14, 22
_GENERAL = (*LONGS, *INTS)
_SAVED = ("rbp", "rsp")
_PAGE = 4096


def rules_of(switches: Switches) -> FaithfulRules:
    """The stub of a kernel."""
    minimal = switches.stub_thread_ids_minimal
    return FaithfulRules(
        thread_ids=ThreadIdFormat.MINIMAL if minimal else ThreadIdFormat.WIDE,
        image_has_ds_es=switches.stub_image_has_ds_es,
        single_registers=switches.stub_single_registers,
        rsi_shows_rdx=switches.stub_rsi_shows_rdx,
        sleeping_flags_cs_ss=switches.stub_sleeping_flags,
        read_errno_kept=switches.stub_read_errno_kept,
        reads_kernel_only=switches.stub_reads_kernel_only,
        query_mismatch_is_error=switches.stub_query_mismatch_is_error,
        unknown_signal_continues=switches.stub_unknown_signal_continues,
    )


def _as_task(facts: TaskFacts) -> Task:
    return Task(facts.pid, facts.comm, facts.cpu)


class KgdbThreads:
    """CPUs and tasks of a stopped machine."""

    def __init__(self, core: DebugCore, machine: Machine) -> None:
        self._core = core
        self._machine = machine

    @property
    def cpus(self) -> int:
        """CPUs online."""
        return self._machine.count

    @property
    def current_cpu(self) -> int:
        """kgdb_active."""
        return max(self._core.active, 0)

    def on_cpu(self, cpu: int) -> Task:
        """kgdb_info[cpu].task."""
        facts = self._machine.task_on(cpu)
        return Task(facts.pid, facts.comm, cpu)

    def tasks(self) -> Sequence[Task]:
        """The list of tasks."""
        return [_as_task(facts) for facts in self._machine.tasks()]

    def cpu_of(self, thread: int) -> int | None:
        """The CPU of a thread id, None while it sleeps."""
        for cpu in range(self.cpus):
            if self.on_cpu(cpu).thread_id == thread:
                return cpu
        return None


class KgdbRegisters:
    """gdb_get_regs_helper: of a CPU all, of a sleeping task what switch_to saved."""

    def __init__(self, threads: KgdbThreads, machine: Machine) -> None:
        self._threads = threads
        self._machine = machine

    @property
    def names(self) -> Collection[str]:
        """Those of the g packet."""
        return _GENERAL

    def read(self, thread: int) -> Mapping[str, int]:
        """By gdb's names."""
        cpu = self._threads.cpu_of(thread)
        if cpu is not None:
            values = self._machine.registers(cpu)
            return {name: values[name] for name in _GENERAL if name in values}
        saved = self._machine.saved_registers(thread)
        return {name: saved[name] for name in _SAVED if name in saved}

    def write(self, thread: int, values: Mapping[str, int]) -> None:
        """EINVAL for a thread that is on no CPU."""
        cpu = self._threads.cpu_of(thread)
        if cpu is None:
            raise KernelError(_EINVAL, f"thread {thread} is on no CPU")
        self._machine.write_registers(cpu, values)


class KgdbMemory:
    """copy_from_kernel_nofault and its counterpart."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def read(self, thread: int, address: int, length: int) -> bytes:
        """As far as it is mapped; EFAULT for nothing."""
        data = b""
        while len(data) < length:
            at = address + len(data)
            size = min(length - len(data), _PAGE - at % _PAGE)
            try:
                data += self._machine.read(at, size)
            except KernelError:
                break
        if not data and length:
            raise KernelError(_EFAULT, f"nothing is mapped at {address:#x}")
        return data

    def write(self, thread: int, address: int, data: bytes) -> None:
        """EFAULT where a page is missing."""
        self._machine.write(address, data)


class KgdbBreakpoints:
    """Z and z."""

    kinds: Collection[BreakpointKind] = tuple(BreakpointKind)

    def __init__(self, core: DebugCore) -> None:
        self._core = core

    def insert(self, kind: BreakpointKind, address: int, length: int) -> None:
        """dbg_set_sw_break or kgdb_set_hw_break."""
        if kind is BreakpointKind.SOFTWARE:
            self._core.sw.set(address)
        else:
            self._core.hw.set_hw_break(address, length, BpType(kind))

    def remove(self, kind: BreakpointKind, address: int, length: int) -> None:
        """dbg_remove_sw_break or kgdb_remove_hw_break."""
        if kind is BreakpointKind.SOFTWARE:
            self._core.sw.remove(address)
        else:
            self._core.hw.remove_hw_break(address)

    def remove_all(self) -> None:
        """dbg_remove_all_break."""
        self._core.sw.remove_all()
        self._core.hw.remove_all_hw_break(max(self._core.active, 0))


class KgdbResumption:
    """c and s."""

    kinds: Collection[ResumeKind] = tuple(ResumeKind)


class KgdbTarget:
    """StubTarget of a kernel with kgdb."""

    conditions: Conditions | None = None
    monitor: Monitor | None = None
    surroundings: Surroundings | None = None

    def __init__(self, core: DebugCore, machine: Machine) -> None:
        self.threads = KgdbThreads(core, machine)
        self.registers = KgdbRegisters(self.threads, machine)
        self.memory = KgdbMemory(machine)
        self.breakpoints = KgdbBreakpoints(core)
        self.resumption = KgdbResumption()
