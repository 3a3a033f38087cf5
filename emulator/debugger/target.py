"""The machine as a debugger outside sees it: emulator.gdbstub.target.StubTarget.

Everything can be read while it stands still. Registers can be written of what is on a
CPU, memory of every task; the kernel model is told nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from emulator.debugger.breakpoints import OutsideBreakpoints
from emulator.errors import KernelError
from emulator.events import Callee
from emulator.gdbstub.actions import ResumeKind
from emulator.gdbstub.target import MemoryRegion, Monitor, Task
from emulator.processors import Processors, PtRegs
from emulator.target import raw
from emulator.target.cpu import Cpu
from emulator.target.paging import AddressSpace
from emulator.target.ram import PAGE
from emulator.tasks import Task as LinuxTask
from emulator.tasks import TaskState

_EFAULT, _EINVAL = 14, 22
_GENERAL = tuple(name.lower() for name in raw.NAMES if not name.startswith("cr"))
_WRITABLE = [name.lower() for name in raw.GENERAL]
_DEBUG = {"dr0": 0, "dr1": 1, "dr2": 2, "dr3": 3, "dr6": 6, "dr7": 7}
_XMM = [f"xmm{n}" for n in range(16)]


class OutsideThreads:
    """CPUs and tasks."""

    def __init__(self, processors: Processors) -> None:
        self._processors = processors
        self.stopped_cpu = 0

    @property
    def cpus(self) -> int:
        """CPUs online."""
        return self._processors.count

    @property
    def current_cpu(self) -> int:
        """The one at which the machine was stopped."""
        return self.stopped_cpu

    def on_cpu(self, cpu: int) -> Task:
        """Its task, the idle one where it has none."""
        facts = self._processors.task_on(cpu)
        return Task(facts.pid, facts.comm, cpu)

    def tasks(self) -> Sequence[Task]:
        """All that live."""
        return [Task(f.pid, f.comm, f.cpu) for f in self._processors.tasks()]

    def cpu_of(self, thread: int) -> int | None:
        """Where a thread is, None while it sleeps."""
        for cpu in range(self.cpus):
            if self.on_cpu(cpu).thread_id == thread:
                return cpu
        return None

    def task_of(self, thread: int) -> LinuxTask | None:
        """The task of a thread id."""
        for task in self._processors.all_tasks:
            if task.pid == thread and task.state is not TaskState.UNBORN:
                return task
        return None


class _CpuRegisters(Mapping[str, int]):
    """Of a CPU, by gdb's names, each read when it is asked for: most stops need three of
    them. True while the machine stands still."""

    def __init__(self, processors: Processors, index: int) -> None:
        self._cpu = processors.machine.cpus[index]
        self._state = processors.states[index]
        self._general = processors.register_of(index)
        self._vectors: Mapping[str, int] | None = None

    def __getitem__(self, name: str) -> int:
        if name in _GENERAL:
            return self._general(name)
        if name in _DEBUG:
            number = _DEBUG[name]
            return self._cpu.unit.read(number) & _U32[number > 3]
        if name == "cpu_dr7":
            return self._state.cpu_dr7
        if self._vectors is None:
            self._vectors = self._cpu.engine.vector_registers()
        return self._vectors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(OutsideRegisters.names)

    def __len__(self) -> int:
        return len(OutsideRegisters.names)


class OutsideRegisters:
    """All registers; of sleeping tasks what was saved when they left the CPU."""

    names: Collection[str] = (*_GENERAL, *_DEBUG, "cpu_dr7", *_XMM, "mxcsr")

    def __init__(self, processors: Processors, threads: OutsideThreads) -> None:
        self._processors = processors
        self._threads = threads

    def read(self, thread: int) -> Mapping[str, int]:
        """By gdb's names."""
        index = self._threads.cpu_of(thread)
        if index is None:
            return self._saved(thread)
        return _CpuRegisters(self._processors, index)

    def _saved(self, thread: int) -> Mapping[str, int]:
        task = self._threads.task_of(thread)
        if task is None:
            raise KernelError(_EINVAL, f"no thread {thread}")
        if task.context is not None:
            return {n.lower(): task.context.register(n) for n in raw.GENERAL}
        first = dict.fromkeys(_WRITABLE, 0) | {"rip": task.entry}
        first["eflags"] = task.first_registers.get("rflags", 0x202)
        known = {k: v for k, v in task.first_registers.items() if k in first}
        return first | known

    def write(self, thread: int, values: Mapping[str, int]) -> None:
        """EINVAL for a sleeping thread and for what cannot be set."""
        index = self._threads.cpu_of(thread)
        if index is None:
            raise KernelError(_EINVAL, f"thread {thread} is on no CPU")
        changed = self._changes(thread, values)
        for name in changed:
            if name not in _WRITABLE and name not in _DEBUG:
                raise KernelError(_EINVAL, f"{name} cannot be set")
        cpu = self._processors.machine.cpus[index]
        if index == self._threads.stopped_cpu:
            self._set(cpu, changed)
        else:
            cpu.visit(lambda other: self._set(other, changed))

    def _changes(self, thread: int, values: Mapping[str, int]) -> dict[str, int]:
        """gdb writes whole sets back: what is as it was is left alone."""
        before = self.read(thread)
        return {n: v for n, v in values.items() if before.get(n) != v}

    def _set(self, cpu: Cpu, values: Mapping[str, int]) -> None:
        for name, value in values.items():
            if name in _DEBUG:
                state = self._processors.states[cpu.index]
                state.set_debugreg(_DEBUG[name], value, Callee.debugger)
            elif name == "eflags":
                PtRegs(cpu).flags = value
            else:
                cpu.regs.values[_WRITABLE.index(name)] = value
        cpu.touch()


#: DR0 to DR3 are whole, DR6 and DR7 are 32 bits for gdb.
_U32 = ((1 << 64) - 1, (1 << 32) - 1)


class OutsideMemory:
    """Linear addresses as a task maps them."""

    def __init__(self, processors: Processors, threads: OutsideThreads) -> None:
        self._processors = processors
        self._threads = threads

    def read(self, thread: int, address: int, length: int) -> bytes:
        """As far as it is mapped; EFAULT for nothing."""
        space, data = self._space(thread), b""
        while len(data) < length:
            at = address + len(data)
            size = min(length - len(data), PAGE - at % PAGE)
            if space.translate(at) is None:
                break
            data += space.read(at, size, 0)
        if length and not data:
            raise KernelError(_EFAULT, f"nothing is mapped at {address:#x}")
        return data

    def write(self, thread: int, address: int, data: bytes) -> None:
        """All or nothing; whatever the protection."""
        space = self._space(thread)
        ends = range(address, address + len(data), PAGE)
        if any(space.translate(at) is None for at in (*ends, address + len(data) - 1)):
            raise KernelError(_EFAULT, f"not all mapped at {address:#x}")
        space.load(address, data)
        self._processors.machine.code_changed()

    def _space(self, thread: int) -> AddressSpace:
        cpu = self._threads.cpu_of(thread)
        task = self._threads.task_of(thread)
        if task is not None:
            return task.space
        machine = self._processors.machine
        return machine.kernel_space if cpu is None else machine.cpus[cpu].space


class OutsideResumption:
    """c and s."""

    kinds: Collection[ResumeKind] = tuple(ResumeKind)


class OutsideSurroundings:
    """No file is told, and any address may be asked for."""

    def exec_file(self) -> str | None:
        """The client has the program or not."""
        return None

    def memory_map(self) -> Sequence[MemoryRegion] | None:
        """Anything."""
        return None


class OutsideTarget:
    """StubTarget of a whole machine."""

    def __init__(
        self,
        processors: Processors,
        breakpoints: OutsideBreakpoints,
        monitor: Monitor | None,
    ) -> None:
        self.threads = OutsideThreads(processors)
        self.registers = OutsideRegisters(processors, self.threads)
        self.memory = OutsideMemory(processors, self.threads)
        self.breakpoints = self.conditions = breakpoints
        self.resumption = OutsideResumption()
        self.monitor = monitor
        self.surroundings = OutsideSurroundings()
