"""Bringing an engine back that has mixed up its exceptions (docs/engine.md)."""

from __future__ import annotations

from emulator.errors import EmulatorError
from emulator.target.calibration import (
    FLAGS_SETTLED,
    flags_state_offset,
    pending_exception_offset,
)
from emulator.target.raw import RIP, Context, Registers


class EngineStuck(EmulatorError):
    """The engine neither runs on nor says why."""

    code = "engine_stuck"


class Recovery:
    """For one engine."""

    def __init__(self, handle: int, regs: Registers) -> None:
        self._regs = regs
        self._context = Context(handle)
        self._retried: tuple[int, int] | None = None

    def clean_slate(self, *, settle_flags: bool) -> None:
        """Clear what the engine believes to be in service (calibration)."""
        context = self._context
        context.save()
        context.patch_i32(pending_exception_offset(), -1)
        if settle_flags:
            context.patch_i32(flags_state_offset(), FLAGS_SETTLED)
        context.restore()

    def retry(self, retired: int) -> None:
        """Arrange for the instruction to run once more; EngineStuck the second time."""
        place = (self._regs.read(RIP), retired)
        if place == self._retried:
            raise EngineStuck(f"no way on from {place[0]:#x}")
        self._retried = place
        self.clean_slate(settle_flags=False)
