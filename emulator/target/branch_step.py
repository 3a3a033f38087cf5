"""DEBUGCTL.BTF: TF traps after taken branches only (SDM vol. 3, 18.4.3)."""

from __future__ import annotations

from collections.abc import Callable

from unicorn import UC_HOOK_BLOCK

from emulator.target.instructions import Instruction
from emulator.target.raw import CODE_CALLBACK, RawEngine


class BranchStep:
    """Knows the instruction before a step trap: under TF a block is one instruction.

    The hook is there only while BTF is set, because it is called for every block.
    """

    def __init__(
        self, engine: RawEngine, decode: Callable[[int], Instruction | None]
    ) -> None:
        self._engine = engine
        self._decode = decode
        self._hook: int | None = None
        self._at = 0

        def callback(_handle: int, address: int, _size: int, _data: int) -> None:
            self._at = address

        self._callback = CODE_CALLBACK(callback)

    def follows(self, wanted: bool) -> bool:
        """The hook is as BTF wants it."""
        return wanted is (self._hook is not None)

    def sync(self, wanted: bool) -> bool:
        """Add or remove the hook; true when translated code must be flushed."""
        if self.follows(wanted):
            return False
        if self._hook is None:
            self._hook = self._engine.hook(UC_HOOK_BLOCK, self._callback)
        else:
            self._engine.unhook(self._hook)
            self._hook = None
        return True

    def taken(self, rip: int) -> bool:
        """The instruction that ended at rip was a branch and went elsewhere."""
        found = self._decode(self._at)
        return found is not None and found.branch and rip != self._at + found.length
