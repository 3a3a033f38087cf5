"""The instruction whose accesses are being collected, and how its end is found.

An instruction that touches a watch for the first time is taken back and run again under
EFLAGS.TF; a straight-line one seen twice gets a code hook on its successor instead.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntFlag

from emulator.target import raw
from emulator.target.calibration import FLAGS_SETTLED, flags_state_offset
from emulator.target.debugreg import FLAG_TF
from emulator.target.instructions import Instruction
from emulator.target.paging import AddressSpace
from emulator.target.raw import EFLAGS, RIP, Registers

_ZERO_FLAG = 0x40
_INT_1 = b"\xcd\x01"
#: Touching instructions that get a code hook behind them; each hook slows all others.
_MAX_SUCCESSORS = 6


class Accessed(IntFlag):
    """How the instruction that hit touched what is watched."""

    READ = 1
    WRITE = 2


_READ, _WRITE = int(Accessed.READ), int(Accessed.WRITE)


class Stepper:
    """State of one CPU's trapping between memory hook and instruction boundary."""

    def __init__(
        self,
        handle: int,
        regs: Registers,
        decode: Callable[[int], Instruction | None],
    ) -> None:
        self._regs = regs
        self._decode = decode
        self._context = raw.Context(handle)
        self._taken: tuple[int, int, bytes] | None = None
        self._touches: dict[int, int] = {}
        self._reps: dict[int, bool] = {}
        self.bits = 0
        self.hit = False
        """An enabled slot is among bits."""
        self.accessed = 0
        """Accessed bits, as a plain number: this is the hot path."""
        self.pending_at: int | None = None
        """Address of an instruction with a hooked successor that touched a watch."""
        self.stepping: int | None = None
        """Address of the instruction that runs alone under our TF."""
        self.guest_tf = False
        """TF as the guest had it when the step began."""
        self.allowed_slack = 0
        """Profile: iterations that a rep may run on after it hit."""
        self._slack = 0
        self.successors: dict[int, int] = {}

    def collect(self, bits: int, hit: bool, is_write: bool) -> None:
        """One access of the current instruction."""
        if not bits:
            return
        kind = _WRITE if is_write else _READ
        self.accessed = self.accessed | kind if self.bits else kind
        self.bits |= bits
        self.hit = self.hit or hit

    def clear(self) -> None:
        """The boundary was reached, or the instruction faulted."""
        self.bits = 0
        self.hit = False
        self.pending_at = None
        self.stepping = None
        self._slack = 0

    def pass_by(self, at: int) -> None:
        """A hook was called for nothing. The engine has spoilt the state of the flags
        meanwhile; only a rep reads it again before it is written (docs/engine.md)."""
        if at not in self._reps:
            found = self._decode(at)
            self._reps[at] = found is not None and found.rep
        if self._reps[at]:
            self._context.save()
            self._context.patch_i32(flags_state_offset(), FLAGS_SETTLED)
            self._context.restore()

    def begin(self, at: int, address: int, old: bytes) -> None:
        """In the memory hook: remember how things were. old: the bytes accessed; also
        those of a read, because CMPXCHG8B stores before the engine can be left."""
        self._taken = (at, address, old)
        self._context.save()

    def forget_taken(self) -> None:
        """The instruction faulted: there is nothing to run again."""
        self._taken = None

    def undo(self, space: AddressSpace) -> int:
        """Put registers and memory back as they were at the instruction under way;
        returns its address."""
        assert self._taken is not None
        at, address, old = self._taken
        self._taken = None
        if old:
            self._restore_memory(space, at, address, old)
        self._context.patch_i32(flags_state_offset(), FLAGS_SETTLED)
        self._context.restore()
        self._regs.write(RIP, at)
        self.clear()
        return at

    def take_back(self, space: AddressSpace) -> None:
        """Undo the instruction under way and arrange for it to run alone."""
        at = self.undo(space)
        flags = self._regs.read(EFLAGS)
        self.guest_tf = bool(flags & FLAG_TF)
        self._regs.write(EFLAGS, flags | FLAG_TF)
        self.stepping = at
        self._learn(at)

    def _restore_memory(
        self, space: AddressSpace, at: int, address: int, old: bytes
    ) -> None:
        found = self._decode(at)
        if found is not None and found.mnemonic == "cmpxchg16b":
            # Two stores, one of them maybe unseen. They happen only when memory equalled
            # RDX:RAX, so that is what stood there.
            address &= ~15
            old = self._regs.read(raw.RAX).to_bytes(8, "little")
            old += self._regs.read(raw.RDX).to_bytes(8, "little")
        space.load(address, old)

    def _learn(self, at: int) -> None:
        self._touches[at] = self._touches.get(at, 0) + 1
        if self._touches[at] < 2 or len(self.successors) >= _MAX_SUCCESSORS:
            return
        found = self._decode(at)
        if found is not None and found.linear:
            self.successors[at] = at + found.length

    def load(self) -> None:
        """Load regs for the listener in the middle of a step: our TF is not shown."""
        self._regs.load()
        if self.stepping is not None and not self.guest_tf:
            self._regs.values[EFLAGS] &= ~FLAG_TF

    def ran_into_int1(self, code: bytes) -> bool:
        """The step trap is really an INT $1 in the shadow of mov ss; code: from two
        bytes before RIP on."""
        if self.stepping is None or code[:2] != _INT_1:
            return False
        found = self._decode(self.stepping)
        if found is None or not found.loads_ss:
            return False
        return self._regs.values[RIP] == self.stepping + found.length + len(_INT_1)

    def hide_tf(self) -> None:
        """Give RFLAGS back to the guest as it knows them; regs are loaded."""
        values = self._regs.values
        if self.stepping is not None and not self.guest_tf:
            values[EFLAGS] &= ~FLAG_TF
            self._regs.write(EFLAGS, values[EFLAGS])

    def abandon(self) -> None:
        """Load regs as the guest knows them and forget what was under way."""
        self._regs.load()
        self.hide_tf()
        self.clear()

    def runs_on(self) -> bool:
        """A rep that hit takes another iteration, still under our TF; regs are loaded."""
        if not self.hit or self._slack >= self.allowed_slack or self.stepping is None:
            return False
        found = self._decode(self.stepping)
        if found is None or not found.rep or self._regs.values[RIP] != self.stepping:
            return False
        self._slack += 1
        return True

    def finish(
        self, space: AddressSpace, was_visited: Callable[[int], bool]
    ) -> tuple[bool, int]:
        """At the step's #DB. was_visited(address): the last execute breakpoint met.

        Returns whether RF is still set from an execute breakpoint, and how many passes
        the clock counts that the step did not make.
        """
        at = self.stepping
        assert at is not None
        found = self.end_step(space)
        if found is None or not found.rep:
            return False, 0
        if self._regs.values[RIP] == at:
            return was_visited(at), 0
        # Unstepped, the engine passes once more to find the count exhausted.
        return False, int(self.rep_used_up(found))

    def end_step(self, space: AddressSpace) -> Instruction | None:
        """At the step's #DB: hide TF wherever the guest could see it."""
        assert self.stepping is not None
        found = self._decode(self.stepping)
        if found is None or not found.pops_flags:
            self.hide_tf()
        if found is not None and found.pushes_flags and not self.guest_tf:
            stack = self._regs.values[raw.RSP]
            byte = space.read(stack + 1, 1, 0)[0]
            space.load(stack + 1, bytes([byte & ~(FLAG_TF >> 8)]))
        return found

    def rep_used_up(self, found: Instruction) -> bool:
        """A rep has ended by its count, not by a flag."""
        equal = bool(self._regs.values[EFLAGS] & _ZERO_FLAG)
        return not (found.compares and equal != found.repeats_while_equal)
