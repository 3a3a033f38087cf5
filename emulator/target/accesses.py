"""Accesses of the instruction under way, as the engine's hooks tell them.

Memory comes by linear address, ports by number. What touches a watch is collected by the
stepper; the first touch of an instruction asks to leave the engine and take it back.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from unicorn import UC_HOOK_INSN
from unicorn import x86_const as x86

from emulator.target import raw
from emulator.target.comparators import Comparators
from emulator.target.instructions import LONGEST
from emulator.target.operands import reaches
from emulator.target.paging import AddressSpace
from emulator.target.ram import PAGE
from emulator.target.raw import RIP, SYSCALL_CALLBACK, RawEngine, Registers
from emulator.target.stepper import Stepper
from emulator.target.traps import Vector

_IN_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_void_p
)
_OUT_CALLBACK = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.c_uint32,
    ctypes.c_int,
    ctypes.c_uint32,
    ctypes.c_void_p,
)
#: What an IN reads where there is no device.
_FLOATING = 0xFFFF_FFFF
_CR4_DE = 1 << 3


class AccessWatch:
    """One CPU's."""

    def __init__(
        self,
        engine: RawEngine,
        regs: Registers,
        comparators: Comparators,
        step: Stepper,
        leave: Callable[[], None],
        refuse: Callable[[int], None],
        space: AddressSpace,
    ) -> None:
        """leave(): leave the engine so that the instruction can be taken back;
        refuse(vector): leave it because the instruction faults."""
        self.space = space
        self.closed = False
        """The engine is being left: what it still does does not count."""
        self._engine = engine
        self._regs = regs
        self._comparators = comparators
        self._step = step
        self._leave = leave
        self._refuse = refuse
        self._last = (0, 0, False, -1)
        self._found = (0, False)
        self._callbacks = {
            x86.UC_X86_INS_IN: _IN_CALLBACK(self._on_in),
            x86.UC_X86_INS_OUT: _OUT_CALLBACK(self._on_out),
            x86.UC_X86_INS_SYSENTER: SYSCALL_CALLBACK(self._on_sysenter),
        }
        for number, callback in self._callbacks.items():
            engine.hook(UC_HOOK_INSN, callback, extra=(number, 0))

    def memory(self, is_write: bool, address: int, size: int) -> None:
        """An access to memory near a watch."""
        if self.closed:
            return
        access = (address, size, is_write, self._comparators.version)
        if access == self._last:
            bits, hit = self._found
        else:
            bits, hit = self._look(access)
        step = self._step
        if step.stepping is not None:
            step.collect(bits, hit, is_write)
            return
        at = self._regs.read(RIP)
        if not bits:
            step.pass_by(at)
        elif at == step.pending_at or at in step.successors:
            step.pending_at = at
            step.collect(bits, hit, is_write)
        elif hit:
            step.begin(at, address, self.space.mapped_bytes(address, size))
            self._leave()
        else:
            step.pass_by(at)

    def _look(self, access: tuple[int, int, bool, int]) -> tuple[int, bool]:
        """What an access touches; the same access to a page that is mapped once gets the
        same answer until something is armed or mapped."""
        address, size, is_write, _ = access
        bits, hit = self._comparators.touched(is_write, address, size)
        page = self.space.page(address)
        if page is not None and self.space.ram.is_kept(page.frame):
            if bits and self._through_alias(address, size):
                return 0, False
        else:
            self._last, self._found = access, (bits, hit)
        return bits, hit

    def port(self, number: int, size: int, *, is_write: bool) -> None:
        """IN or OUT."""
        if self.closed:
            return
        if self._regs.read(raw.CS) & 3:
            # IOPL is 0 and there is no I/O bitmap; the engine does not look.
            self._refused(Vector.GP)
            return
        bits, hit = self._comparators.touched_port(number, size)
        if not bits or not self._engine.read_register(x86.UC_X86_REG_CR4) & _CR4_DE:
            return
        step = self._step
        if step.stepping is not None:
            step.collect(bits, hit, is_write)
        elif hit:
            step.begin(self._regs.read(RIP), 0, b"")
            self._leave()

    def _through_alias(self, address: int, size: int) -> bool:
        """The frame is mapped twice and the instruction meant the other address."""
        self._regs.load()
        values = self._regs.values
        code = self.space.mapped_bytes(values[RIP], LONGEST)
        others = self.space.aliases(address - address % PAGE)
        offset = address % PAGE
        if reaches(code, values, address, size):
            return False
        return any(reaches(code, values, other + offset, size) for other in others)

    def _on_in(self, _handle: int, port: int, size: int, _data: int) -> int:
        self.port(port, size, is_write=False)
        return _FLOATING

    def _on_out(
        self, _handle: int, port: int, size: int, _value: int, _data: int
    ) -> None:
        self.port(port, size, is_write=True)

    def _on_sysenter(self, _handle: int, _data: int) -> None:
        if not self.closed:
            self._refused(Vector.UD)  # as AMD has it in long mode

    def _refused(self, vector: Vector) -> None:
        self._step.begin(self._regs.read(RIP), 0, b"")
        self._refuse(vector)
