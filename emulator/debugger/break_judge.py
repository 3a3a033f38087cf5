"""Whether the debugger wants to hear of a hit of its breakpoint."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.conditions import CpuAtHit, Tally
from emulator.debugger.breakpoints import Break
from emulator.debugger.target import OutsideTarget
from emulator.errors import AgentError
from emulator.gdbstub.agent import holds
from emulator.gdbstub.registers import offered_registers
from emulator.processors import Processors
from emulator.target.cpu import Cpu

_WORD_BITS, _WORD = 64, 8


class ThreadPlace:
    """gdbstub.agent.AgentPlace: what runs on a CPU, as gdb sees it."""

    def __init__(self, target: OutsideTarget, cpu: int) -> None:
        self._target = target
        self._thread = target.threads.on_cpu(cpu).thread_id
        self._values: Mapping[str, int] | None = None

    def register(self, number: int) -> int:
        """By gdb's number. AgentError for what has no 64 bits or is not known."""
        numbered = offered_registers(self._target.registers.names)
        if number >= len(numbered) or numbered[number].bits > _WORD_BITS:
            raise AgentError(f"register {number} is no integer of 64 bits")
        if self._values is None:
            self._values = self._target.registers.read(self._thread)
        name = numbered[number].name
        if name not in self._values:
            raise AgentError(f"{name} is not known")
        return self._values[name]

    def memory(self, address: int, size: int) -> bytes:
        """All of it. AgentError, KernelError."""
        data = self._target.memory.read(self._thread, address, size)
        if len(data) < size:
            raise AgentError(f"the mapping ends behind {address:#x}")
        return data


class BreakJudge:
    """One debugger's."""

    def __init__(
        self,
        processors: Processors,
        target: OutsideTarget,
        wishes: Mapping[int, Tally],
    ) -> None:
        self._processors = processors
        self._target = target
        self._wishes = wishes

    def wants(self, cpu: Cpu, found: Break) -> bool:
        """gdb's own conditions first; hits for which none of them holds are none."""
        wish = self._wishes.get(found.address)
        if wish is not None and wish.is_spent:
            return False
        if not holds(found.conditions, ThreadPlace(self._target, cpu.index)):
            return False
        return wish is None or wish.judge(*self._hit(cpu, found)).is_wanted

    def _hit(self, cpu: Cpu, found: Break) -> tuple[CpuAtHit, int | None]:
        state = self._processors.states[cpu.index]
        place = CpuAtHit(cpu, state, self._processors.thread(cpu.index))
        if found.of_code or found.length > _WORD:
            return place, None
        data = cpu.space.mapped_bytes(found.address, found.length)
        if len(data) < found.length:
            return place, None
        return place, int.from_bytes(data, "little")
