"""One CPU: a Unicorn engine, its debug unit, and exact traps between instructions.

How a #DB comes about (docs/engine.md tells the whole story):

* Execute breakpoints are bounded code hooks; the fault is raised in the hook.
* A data access is seen by a bounded memory hook in the middle of its instruction. The
  first time, the instruction is taken back (registers and the bytes it stored) and run
  again alone under EFLAGS.TF while all its accesses are collected; the step's #DB is the
  boundary at which the trap is raised.
* A straight-line instruction seen twice gets a code hook on its successor instead: then
  nothing is taken back and the engine is never left.

The listener is told in zero guest time. Nothing here knows who listens.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, IntFlag

from unicorn import UC_HOOK_INSN, UC_HOOK_INTR
from unicorn import x86_const as x86

from emulator.errors import EmulatorError
from emulator.target import raw
from emulator.target.debug_unit import DebugUnit, Watch
from emulator.target.debugreg import DR6_BS, FLAG_RF, FLAG_TF, ReadWrite
from emulator.target.instructions import Instruction, decode
from emulator.target.paging import AddressSpace
from emulator.target.raw import EFLAGS, RCX, RIP, RawEngine, Registers
from emulator.target.traps import Listener, Vector
from emulator.target.watchhooks import Piece, WatchHooks, pieces

_UC_MEM_WRITE = 17
_ZERO_FLAG = 0x40
_HLT = b"\xf4"
#: Touching instructions that get a code hook behind them; each hook slows all others.
_MAX_SUCCESSORS = 6


class EngineStuck(EmulatorError):
    """The engine neither runs on nor says why."""

    code = "engine_stuck"


class Accessed(IntFlag):
    """How the instruction that hit touched what is watched."""

    READ = 1
    WRITE = 2


class Stop(Enum):
    """Why run() returned."""

    COUNT = "count"
    REQUESTED = "requested"
    HALTED = "halted"


class Cpu:
    """State that is architectural is public; the rest is the machinery of trapping."""

    def __init__(
        self,
        index: int,
        engine: RawEngine,
        listener: Listener,
        unit: DebugUnit,
        space: AddressSpace,
        emulate: Callable[[Cpu, bytes], int],
    ) -> None:
        self.index = index
        self.engine = engine
        self.regs = Registers(engine.handle)
        self.unit = unit
        self.space = space
        self.now = 0
        """Retired instructions at the event being told to the listener."""
        self.image_rf = False
        """RF in the image that the exception pushed; the listener may set it."""
        self.accessed = Accessed(0)
        """At a data hit: what the instruction did to the watched bytes."""
        self._listener = listener
        self._emulate = emulate
        self._hooks = WatchHooks(engine, self._on_code, self._on_access)
        self._rollback_context = raw.Context(engine.handle)
        self._retired = 0
        self._base = 0
        self._delta: int | None = None
        self._stop_requested = False
        self._leaving = False
        self._dirty = False
        self._error: BaseException | None = None
        self._interrupt: int | None = None
        self._system_call = False
        self._emulate_here = False
        # What the comparators hold, rebuilt when the debug unit or the space changes.
        self._key: object = None
        self._execute: dict[int, tuple[int, bool]] = {}
        self._data: list[tuple[int, int, int, bool, bool]] = []
        self._pieces: set[Piece] = set()
        self.emulated: frozenset[int] = frozenset()
        """Addresses whose instruction must not reach the engine (rdtsc at CPL0)."""
        # The instruction whose accesses are being collected.
        self._bits = 0
        self._hit = False
        self._pending_at: int | None = None
        self._stepping: int | None = None
        self._guest_tf = False
        self._rollback: tuple[int, int, bytes] | None = None
        self._touches: dict[int, int] = {}
        self._successors: dict[int, int] = {}
        self._resume: tuple[int, int] | None = None
        self._last_execute: tuple[int, int] = (0, -9)
        self._flush_tlb = False
        self._retried: tuple[int, int] | None = None
        self._tf_before = False
        self._forget = False
        self._keep_alive = [
            raw.INTERRUPT_CALLBACK(self._on_interrupt),
            raw.SYSCALL_CALLBACK(self._on_system_call),
        ]
        engine.hook(UC_HOOK_INTR, self._keep_alive[0])
        engine.hook(
            UC_HOOK_INSN, self._keep_alive[1], extra=(x86.UC_X86_INS_SYSCALL, 0)
        )

    # What the machine and the listener use.

    @property
    def retired(self) -> int:
        """Instructions completed (docs/adr on the clock: what counts as one)."""
        return self._retired

    def request_stop(self) -> None:
        """Leave run() at the boundary at which the CPU stands now."""
        self._stop_requested = True

    def touch(self) -> None:
        """The listener changed regs.values: write them back before going on."""
        self._dirty = True

    def switch_space(self, space: AddressSpace) -> None:
        """The engine's CR3 now belongs to this space."""
        self.space = space
        self._key = None

    def forget_collected(self) -> None:
        """Drop half-collected accesses (before a context switch)."""
        self._clear_pending()
        self._resume = None

    def run(self, count: int) -> Stop:
        """Execute up to count instructions."""
        self._stop_requested = False
        target = self._retired + count
        while self._retired < target:
            self._sync()
            if self._go(target - self._retired):
                return Stop.HALTED
            if self._stop_requested:
                return Stop.REQUESTED
        return Stop.COUNT

    # Running.

    def _go(self, count: int) -> bool:
        """One stay in the engine. True when the CPU halted."""
        self._base, self._delta, self._leaving = self._retired, None, False
        start = self.regs.read(RIP)
        status = self.engine.start(start, count)
        counter = self.engine.counter.value
        if self._delta is None:
            completed = min(counter, count) if not status else counter - 1
            early = counter <= count
        else:
            completed, early = counter + self._delta, False
        self._retired = self.now = self._base + max(completed, 0)
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._after_engine(status, early)

    def _after_engine(self, status: int, early: bool) -> bool:
        if self._forget:
            self._forget = False
            fault = self._interrupt not in (None, Vector.DB, Vector.BP)
            self._forget_exception(settle_flags=fault)
        if self._rollback is not None:
            self._finish_rollback()
        elif self._system_call:
            self._system_call = False
            self._tell(lambda: self._listener.system_call(self))
        elif self._interrupt is not None:
            vector, self._interrupt = self._interrupt, None
            self._exception(vector)
        elif self._emulate_here:
            self._emulate_here = False
            self._emulate_instruction()
        elif status:
            self._invalid_instruction()
        elif self._pending_at is not None and not self._leaving:
            self._deliver_pending_outside()
        elif early and not self._leaving:
            return self._returned_early()
        return False

    def _returned_early(self) -> bool:
        """HLT at CPL0, or what the engine takes for a triple fault (see _retry)."""
        self.regs.load()
        before = self.space.read(self.regs.values[RIP] - 1, 1, 0)
        if not self.regs.values[raw.CS] & 3 and before == _HLT:
            return True
        self._forget_exception()
        self._retry()
        return False

    def _retry(self) -> None:
        """Run the instruction once more with a clean slate; never twice at one place."""
        place = (self.regs.read(RIP), self._retired)
        if place == self._retried:
            raise EngineStuck(f"no way on from {place[0]:#x}")
        self._retried = place

    def _forget_exception(self, *, settle_flags: bool = False) -> None:
        """Clear what the engine believes to be in service, see raw's two offsets."""
        context = self._rollback_context
        context.save()
        context.patch_i32(raw.pending_exception_offset(), -1)
        if settle_flags:
            context.patch_i32(raw.flags_state_offset(), raw.FLAGS_SETTLED)
        context.restore()

    def _tell(self, call: Callable[[], None]) -> None:
        """Call the listener outside the engine and take over what it changed."""
        self.regs.load()
        self._dirty = False
        call()
        if self._dirty:
            self._store()

    def _store(self) -> None:
        values = self.regs.values
        if values[EFLAGS] & FLAG_RF:
            # RF lives here, not in the engine: it would end blocks and outlast them.
            values[EFLAGS] &= ~FLAG_RF
            self._resume = (values[RIP], self.now)
        self.regs.store_general()
        self._dirty = False

    # Comparators and hooks.

    def _refresh(self) -> None:
        unit = self.unit
        key = (*unit.address, unit.dr7, self.space.root, self.space.generation)
        if key == self._key:
            return
        self._key = key
        watches = unit.watches()
        self._execute = {}
        self._data = []
        self._pieces = set()
        armed = any(w.enabled and w.kind is not ReadWrite.EXECUTE for w in watches)
        for watch in watches:
            self._take(watch, armed)

    def _take(self, watch: Watch, armed: bool) -> None:
        bit = 1 << watch.slot
        if watch.kind is ReadWrite.EXECUTE:
            bits, enabled = self._execute.get(watch.start, (0, False))
            self._execute[watch.start] = (bits | bit, enabled or watch.enabled)
        elif watch.kind is not ReadWrite.IO and armed:
            writes_only = watch.kind is ReadWrite.WRITE
            self._data.append((bit, watch.start, watch.end, writes_only, watch.enabled))
            self._pieces.update(pieces(watch, self.space))

    def _code_addresses(self) -> set[int]:
        addresses = {a for a, (_, enabled) in self._execute.items() if enabled}
        addresses.update(self._successors.values())
        addresses.update(self.emulated)
        return addresses

    def _sync(self) -> None:
        """Make hooks, TLB and comparators equal to the architectural state."""
        self._refresh()
        if self._hooks.sync(self._code_addresses(), self._pieces):
            self.engine.uc.ctl_flush_tb()
        if self._flush_tlb or self.space.generation != self._seen_generation:
            self._flush_tlb = False
            self._seen_generation = self.space.generation
            self.regs.write(raw.CR3, self.space.root)

    _seen_generation = 0

    def _hooks_complete(self) -> bool:
        self._refresh()
        needed = (a for a, (_, enabled) in self._execute.items() if enabled)
        return self._hooks.covers(needed, self._pieces)

    # Inside the engine: hooks. None may raise into C.

    def _on_code(self, address: int) -> None:
        try:
            self._code(address)
        except BaseException as error:  # noqa: BLE001  # carried over the C frame
            self._fail(error)

    def _on_access(self, kind: int, address: int, size: int) -> None:
        try:
            self._access(kind == _UC_MEM_WRITE, address, size)
        except BaseException as error:  # noqa: BLE001
            self._fail(error)

    def _on_interrupt(self, _handle: int, vector: int, _data: int) -> None:
        try:
            if vector == Vector.DB:
                self._debug_interrupt()
            else:
                self._leave_with_interrupt(vector)
            self._forget = self._leaving
        except BaseException as error:  # noqa: BLE001
            self._fail(error)

    def _on_system_call(self, _handle: int, _data: int) -> None:
        self._system_call = True
        self._leave(0)

    def _fail(self, error: BaseException) -> None:
        self._error = error
        self._leave(0)

    def _leave(self, delta: int) -> None:
        self._leaving = True
        self._delta = delta
        self.engine.stop()

    # Execute breakpoints and successors.

    def _code(self, address: int) -> None:
        self.now = self._base + self.engine.counter.value - 1
        if self._leaving:
            return
        if self._pending_at is not None:
            self.regs.load()
            if self._raise_pending() and self._settle(-1):
                return
        found = self._execute.get(address)
        if found is not None and found[1] and self._execute_fault(address):
            return
        if address in self.emulated:
            self._emulate_here = True
            self._leave(-1)

    def _execute_fault(self, address: int) -> bool:
        """Raise the fault until something gives. True: do not go on in this hook."""
        last, self._last_execute = self._last_execute, (address, self.now)
        if self._suppressed(address, last):
            return False
        while True:
            found = self._execute.get(address)
            if found is None or not found[1]:
                return False
            self.regs.load()
            self.image_rf = False
            self._raise(found[0], fault=True)
            if self._settle(-1):
                return True
            if self.image_rf:
                return False

    def _suppressed(self, address: int, last: tuple[int, int]) -> bool:
        if self._resume == (address, self.now):
            return True
        if self._stepping is not None and last == (address, self.now):
            return True  # the same instruction, taken back and run again
        if last == (address, self.now - 1):
            # RF stays set between the iterations of one rep.
            found = self._decode(address)
            if found is not None and found.rep:
                return True
        return bool(self.regs.read(EFLAGS) & FLAG_RF)

    def _raise(self, bits: int, *, fault: bool) -> None:
        self.unit.report(bits)
        self._dirty = False
        self._listener.debug_exception(self, bits, fault=fault)
        if self.image_rf:
            self._resume = (self.regs.values[RIP], self.now)

    def _settle(self, delta: int) -> bool:
        """After the listener, inside the engine. True when the hook must return."""
        if self._stop_requested or not self._hooks_complete():
            if self._dirty:
                self._store()
            self._leave(delta)
            return True
        if self._dirty:
            if delta:
                # Writing RIP sends the instruction round again: it is counted once.
                self.engine.counter.value -= 1
            self._store()
            return True
        return False

    # Data breakpoints.

    def _access(self, is_write: bool, address: int, size: int) -> None:
        end = address + size
        bits, hit = 0, False
        for bit, start, stop, writes_only, enabled in self._data:
            if address < stop and end > start and (is_write or not writes_only):
                bits |= bit
                hit = hit or enabled
        if not bits or self._leaving:
            return
        if self._stepping is not None:
            self._collect(bits, hit, is_write)
            return
        at = self.regs.read(RIP)
        if at == self._pending_at or at in self._successors:
            self._pending_at = at
            self._collect(bits, hit, is_write)
        elif hit:
            old = self.space.read(address, self._mapped(address, size), 0)
            self._rollback = (at, address, old if is_write else b"")
            self._rollback_context.save()
            self._leave(-1)

    def _collect(self, bits: int, hit: bool, is_write: bool) -> None:
        if not self._bits:
            self.accessed = Accessed(0)
        self.accessed |= Accessed.WRITE if is_write else Accessed.READ
        self._bits |= bits
        self._hit = self._hit or hit

    def _mapped(self, address: int, size: int) -> int:
        """How much of an access lies on mapped pages; the rest will fault."""
        if self.space.translate(address + size - 1) is None:
            return -address % 0x1000
        return size

    def _finish_rollback(self) -> None:
        assert self._rollback is not None
        at, address, old = self._rollback
        self._rollback = None
        if old:
            self._take_back(at, address, old)
        self._rollback_context.patch_i32(raw.flags_state_offset(), raw.FLAGS_SETTLED)
        self._rollback_context.restore()
        flags = self.regs.read(EFLAGS)
        self._guest_tf = bool(flags & FLAG_TF)
        self.regs.write(EFLAGS, flags | FLAG_TF)
        self.regs.write(RIP, at)
        self._clear_pending()
        self._stepping = at
        self._learn(at)

    def _take_back(self, at: int, address: int, old: bytes) -> None:
        found = self._decode(at)
        if found is not None and found.mnemonic == "cmpxchg16b":
            # Two stores, one of them maybe unseen. They happen only when memory equalled
            # RDX:RAX, so that is what stood there.
            address &= ~15
            values = self.regs
            old = values.read(raw.RAX).to_bytes(8, "little")
            old += values.read(raw.RDX).to_bytes(8, "little")
        self.space.load(address, old)

    def _learn(self, at: int) -> None:
        self._touches[at] = self._touches.get(at, 0) + 1
        if self._touches[at] < 2 or len(self._successors) >= _MAX_SUCCESSORS:
            return
        found = self._decode(at)
        if found is not None and found.linear:
            self._successors[at] = at + found.length

    def _clear_pending(self) -> None:
        self._bits = 0
        self._hit = False
        self._pending_at = None
        self._stepping = None

    def _raise_pending(self) -> bool:
        """Raise the collected data trap; regs are loaded. False: nothing had matched."""
        bits, hit = self._bits, self._hit
        self._clear_pending()
        if not hit:
            return False
        self.image_rf = False
        self._raise(bits, fault=False)
        return True

    def _deliver_pending_outside(self) -> None:
        self._tell(lambda: None)
        if self._raise_pending() and self._dirty:
            self._store()

    # Single steps, ours and the guest's.

    def _debug_interrupt(self) -> None:
        self.now = self._base + self.engine.counter.value
        self.regs.load()
        values = self.regs.values
        stepping, bits, hit = self._stepping, self._bits, self._hit
        # A POPF that clears TF is still followed by its own step trap.
        single, self._tf_before = self._tf_before, bool(values[EFLAGS] & FLAG_TF)
        single = single or self._tf_before
        if stepping is None and not single:
            self._leave_with_interrupt(Vector.DB)  # INT $1
            return
        self._clear_pending()
        self.image_rf = False
        if stepping is not None:
            single = self._guest_tf
            self._end_step(stepping)
            self._tf_before = bool(values[EFLAGS] & FLAG_TF)
        if hit or single:
            self._raise((bits if hit else 0) | (DR6_BS if single else 0), fault=False)
            self._tf_before = bool(values[EFLAGS] & FLAG_TF)
            self._settle(0)

    def _end_step(self, at: int) -> None:
        """Hide our TF from the guest and close the books of a rep."""
        values = self.regs.values
        found = self._decode(at)
        keeps_tf = self._guest_tf or (found is not None and found.pops_flags)
        if not keeps_tf:
            values[EFLAGS] &= ~FLAG_TF
            self.regs.write(EFLAGS, values[EFLAGS])
        if found is None:
            return
        if found.pushes_flags and not self._guest_tf:
            self._hide_pushed_tf(values[raw.RSP])
        if found.rep:
            self._end_rep_iteration(found, values[RIP] == at)

    def _hide_pushed_tf(self, stack: int) -> None:
        byte = self.space.read(stack + 1, 1, 0)[0]
        self.space.load(stack + 1, bytes([byte & ~(FLAG_TF >> 8)]))

    def _end_rep_iteration(self, found: Instruction, more: bool) -> None:
        if more:
            # RF is still set from the execute breakpoint on this very rep.
            self.image_rf = self._last_execute[0] == self.regs.values[RIP]
            return
        values = self.regs.values
        equal = bool(values[EFLAGS] & _ZERO_FLAG)
        by_flag = found.compares and equal != found.repeats_while_equal
        if not by_flag:
            # Unstepped, the engine passes once more to find the count exhausted.
            self._base += 1
            self.now += 1

    # Everything else that interrupts.

    def _leave_with_interrupt(self, vector: int) -> None:
        self._interrupt = vector
        self._rollback = None
        self._leave(0 if vector == Vector.BP else -1)

    def _exception(self, vector: int) -> None:
        """A fault or int3, told outside the engine."""
        self.regs.load()
        values = self.regs.values
        if self._stepping is not None and not self._guest_tf:
            values[EFLAGS] &= ~FLAG_TF
            self.regs.write(EFLAGS, values[EFLAGS])
        self._clear_pending()
        if vector == Vector.DF:
            # No task can raise one: the engine mixed two exceptions up. Try again.
            self._retry()
            return
        if vector == Vector.BP:
            self.image_rf = False
            self._tell(lambda: self._listener.breakpoint_exception(self))
            return
        if self._fetch_breakpoint(vector):
            return
        self._fault(vector)

    def _fault(self, vector: int) -> None:
        code = self._decode_bytes(self.regs.values[RIP])
        skip = self._emulate(self, code)
        if skip:
            self._skip(skip)
            return
        error, address = self._fault_details(vector)
        self.regs.values[EFLAGS] |= FLAG_RF  # every fault pushes RF = 1
        self._dirty = False
        self._listener.exception(self, vector, error, address)
        if self._dirty:
            self._store()

    def _fetch_breakpoint(self, vector: int) -> bool:
        """An execute breakpoint comes before the fault of its own fetch."""
        rip = self.regs.values[RIP]
        found = self._execute.get(rip)
        if vector != Vector.PF or found is None or not found[1]:
            return False
        if self.regs.values[raw.CR2] != rip or self._resume == (rip, self.now):
            return False
        self.image_rf = False
        self._raise(found[0], fault=True)
        if self._dirty:
            self._store()
        return True

    def _fault_details(self, vector: int) -> tuple[int, int]:
        values = self.regs.values
        if vector != Vector.PF:
            return 0, 0
        address = values[raw.CR2]
        error = 4 if values[raw.CS] & 3 else 0
        if self.space.translate(address) is not None:
            error |= 1
        if address == values[RIP]:
            error |= 0x10
        return error, address

    def _invalid_instruction(self) -> None:
        self.regs.load()
        if self._stepping is not None and not self._guest_tf:
            self.regs.values[EFLAGS] &= ~FLAG_TF
            self.regs.write(EFLAGS, self.regs.values[EFLAGS])
        self._clear_pending()
        code = self._decode_bytes(self.regs.values[RIP])
        if code[:1] == b"\xf1":
            self._skip(1)  # icebp: a #DB that no condition explains
            self.image_rf = False
            self._tell(lambda: self._listener.debug_exception(self, 0, fault=False))
            return
        self._fault(Vector.UD)

    def _emulate_instruction(self) -> None:
        self.regs.load()
        skip = self._emulate(self, self._decode_bytes(self.regs.values[RIP]))
        self._skip(skip)

    def _skip(self, length: int) -> None:
        """The instruction was carried out by hand: step over it and count it."""
        self.regs.values[RIP] += length
        self._retired += 1
        self.now = self._retired
        self._store()

    def _decode_bytes(self, address: int) -> bytes:
        size = (
            15 if self.space.translate(address + 14) is not None else -address % 0x1000
        )
        if self.space.translate(address) is None:
            return b""
        return self.space.read(address, min(size, 15), 0)

    def _decode(self, address: int) -> Instruction | None:
        return decode(self._decode_bytes(address))

    @property
    def rcx(self) -> int:
        """Count register, for the rules of rep."""
        return self.regs.values[RCX]
