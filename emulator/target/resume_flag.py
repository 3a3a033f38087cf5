"""RF: for which instruction an execute breakpoint is suppressed (SDM vol. 3, 18.3.1.1).

Kept here and not in the engine, where it would end blocks and outlast its instruction.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.target.calibration import SHADOW_BIT, shadow_offset
from emulator.target.debugreg import FLAG_RF
from emulator.target.instructions import Instruction
from emulator.target.raw import EFLAGS, Context, Registers

_NOWHERE = (0, -9)


class ResumeFlag:
    """RF of one CPU."""

    def __init__(
        self,
        handle: int,
        regs: Registers,
        decode: Callable[[int], Instruction | None],
    ) -> None:
        self._regs = regs
        self._decode = decode
        self._scratch = Context(handle)
        self._granted: tuple[int, int] | None = None
        self._visited = _NOWHERE
        self.shadow_inhibits = False
        """Profile: no execute breakpoint on the instruction after MOV SS."""

    def grant(self, address: int, now: int) -> None:
        """The instruction at address runs with RF = 1, if it is the next one."""
        self._granted = (address, now)

    def granted(self, address: int, now: int) -> bool:
        """grant() was called for just this instruction."""
        return self._granted == (address, now)

    def forget(self) -> None:
        """Another task has the CPU."""
        self._granted = None

    def was_visited(self, address: int) -> bool:
        """The last execute breakpoint met stands here."""
        return self._visited[0] == address

    def suppresses(self, address: int, now: int, *, again: bool) -> bool:
        """Whether an execute breakpoint at address stays silent.

        again: this is a second look at an instruction that was taken back.
        """
        last, self._visited = self._visited, (address, now)
        if self.granted(address, now) or (again and last == (address, now)):
            return True
        if self.shadow_inhibits and self._in_shadow():
            return True
        if last == (address, now - 1):
            # RF stays set between the iterations of one rep.
            found = self._decode(address)
            if found is not None and found.rep:
                return True
        return bool(self._regs.read(EFLAGS) & FLAG_RF)

    def _in_shadow(self) -> bool:
        """The instruction before was MOV SS or POP SS (or STI, which shadows the same)."""
        self._scratch.save()
        return bool(self._scratch.read_i32(shadow_offset()) & SHADOW_BIT)
