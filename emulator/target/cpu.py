"""One CPU: a Unicorn engine, its debug unit, and exact traps between instructions.

Execute breakpoints are bounded code hooks. A data access is seen in the middle of its
instruction, which is taken back and run again alone under EFLAGS.TF, or, once known,
trapped by a hook on its successor: docs/engine.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from unicorn import UC_HOOK_INSN, UC_HOOK_INTR
from unicorn import x86_const as x86

from emulator.target import raw
from emulator.target.accesses import AccessWatch
from emulator.target.branch_step import BranchStep
from emulator.target.comparators import Comparators
from emulator.target.debug_unit import DebugUnit
from emulator.target.debugreg import DR6_BS, FLAG_RF, FLAG_TF
from emulator.target.hook_sync import HookSync
from emulator.target.instructions import LONGEST, PAUSE, Instruction, decode
from emulator.target.onlookers import Onlookers
from emulator.target.paging import AddressSpace
from emulator.target.raw import EFLAGS, RIP, RawEngine, Registers
from emulator.target.reasons import Reason, Stop
from emulator.target.recovery import Recovery
from emulator.target.resume_flag import ResumeFlag
from emulator.target.stepper import Stepper
from emulator.target.traps import Listener, Vector, is_int_n, page_fault_error
from emulator.target.watchhooks import WatchHooks

_HLT, _ICEBP = b"\xf4", b"\xf1"


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
        """emulate(cpu, code): carry out an instruction of the host's affairs; returns
        its length, or 0 when it is none."""
        self.index = index
        self.engine = engine
        self.regs = Registers(engine.handle)
        self.unit = unit
        self.space = space
        self.now = 0
        """Retired instructions at the event being told to the listener."""
        self.image_rf = False
        """RF in the image that the exception pushed; the listener may set it."""
        self.emulated: frozenset[int] = frozenset()
        """Addresses whose instruction must not reach the engine (rdtsc at CPL0)."""
        self.interrupts_pending: deque[int] = deque()
        """Vectors sent by other CPUs, taken at the next boundary of a slice."""
        self.repeat: Callable[[int], bool] | None = None
        """Set by the listener: takes a #DB that is like the last one (its bits, the
        registers loaded), and must leave all state alone but the trace."""
        self._listener = listener
        self._emulate = emulate
        self._comparators = Comparators(unit)
        self._step = Stepper(engine.handle, self.regs, self._decode)
        self._rf = ResumeFlag(engine.handle, self.regs, self._decode)
        self._accesses = AccessWatch(
            engine,
            self.regs,
            self._comparators,
            self._step,
            partial(self._leave, Reason.ROLLBACK, -1),
            self._refuse,
            space,
        )
        self._hooks = WatchHooks(engine, self._code, self._accesses.memory, self._fail)
        self._recovery = Recovery(engine.handle, self.regs)
        self._branches = BranchStep(engine, self._decode)
        self.onlookers = Onlookers(self, listener, self._comparators)
        self.hook_sync = HookSync(
            engine,
            self.regs,
            unit,
            self._comparators,
            self.onlookers,
            self._step,
            self._hooks,
            self._branches,
        )
        self._start_books()
        self._handlers: dict[Reason, Callable[[], None]] = {
            Reason.SETTLED: self._store_changes,
            Reason.ROLLBACK: lambda: self._step.take_back(self.space),
            Reason.SYSTEM_CALL: self._system_call,
            Reason.INTERRUPT: lambda: self._exception(self._vector),
            Reason.EMULATE: self._emulate_instruction,
            Reason.REFUSED: self._take_back_and_fault,
            Reason.PROBE: lambda: self._tell(self.onlookers.tell_probe),
        }
        self._callbacks = (
            raw.INTERRUPT_CALLBACK(self._on_interrupt),
            raw.SYSCALL_CALLBACK(self._on_system_call),
        )
        engine.hook(UC_HOOK_INTR, self._callbacks[0])
        engine.hook(UC_HOOK_INSN, self._callbacks[1], extra=(x86.UC_X86_INS_SYSCALL, 0))

    def _start_books(self) -> None:
        self._retired = 0
        self._base = 0  # retired when the engine was entered
        self._completed: int | None = None  # instructions when a hook chose to leave
        self._reason = Reason.NOTHING
        self._vector = 0
        self._stop_requested = False
        self._dirty = False
        self._tf_before = False
        self._error: BaseException | None = None

    # What the machine and the listener use.

    @property
    def retired(self) -> int:
        """Instructions completed (docs/adr on the clock: what counts as one)."""
        return self._retired

    @property
    def accessed(self) -> int:
        """At a data hit: what the instruction did to the watched bytes."""
        return self._step.accessed

    def set_profile(self, *, rep_slack: int, shadow_inhibits_execute: bool) -> None:
        """What processors differ in (machine.Profile)."""
        self._step.allowed_slack = rep_slack
        self._rf.shadow_inhibits = shadow_inhibits_execute

    def write_debug_register(self, number: int, value: int) -> None:
        """Guest code at CPL0 wrote DRn."""
        old = self.unit.read(number)
        self.unit.write(number, value)
        self._listener.debug_register_written(self, number, old)

    def raise_debug_fault(self, bits: int) -> None:
        """#DB at the instruction that is being carried out by hand."""
        self._raise(bits, fault=True)
        self._store_changes()

    def request_stop(self) -> None:
        """Leave run() at the boundary at which the CPU stands now."""
        self._stop_requested = True

    def touch(self) -> None:
        """The listener changed regs.values: write them back before going on."""
        self._dirty = True

    @property
    def changed(self) -> bool:
        """touch() was called for the event being told."""
        return self._dirty

    def switch_space(self, space: AddressSpace) -> None:
        """The engine's CR3 now belongs to this space."""
        self.space = self._accesses.space = space

    def forget_collected(self) -> None:
        """Drop half-collected accesses (before a context switch)."""
        self._step.clear()
        self._rf.forget()

    def visit(self, call: Callable[[Cpu], None]) -> None:
        """Between two runs: call with registers loaded, take over what it changed."""
        self.now = self._retired
        self._tell(call)

    def run(self, count: int) -> Stop:
        """Execute up to count instructions."""
        self._stop_requested = False
        target = self._retired + count
        while self._retired < target:
            while self.interrupts_pending and not self._stop_requested:
                vector = self.interrupts_pending.popleft()
                self._tell(partial(self._listener.interrupt, vector=vector))
            if self._stop_requested:
                return Stop.REQUESTED
            self.hook_sync.sync(self.space, self.emulated)
            if self._go(target - self._retired):
                return Stop.HALTED
        return Stop.REQUESTED if self._stop_requested else Stop.COUNT

    # Running.

    def _go(self, count: int) -> bool:
        """One stay in the engine. True when the CPU halted."""
        if self._tf_before and self._pauses_next(self.regs.read(RIP)):
            self._emulate_instruction()
            return False
        self._base, self._completed = self._retired, None
        self._reason, self._dirty = Reason.NOTHING, False
        self._accesses.closed = False
        status = self.engine.start(self.regs.read(RIP), count)
        counter = self.engine.counter.value
        return self._left(status, counter, count)

    def _left(self, status: int, counter: int, count: int) -> bool:
        """Close the clock's books for one stay, then do what it was left for."""
        if self._completed is not None:
            completed, early = self._completed, False
        else:
            completed = counter - 1 if status else min(counter, count)
            early = counter <= count
        self._retired = self.now = self._base + max(completed, 0)
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._after_engine(status, early)

    def _after_engine(self, status: int, early: bool) -> bool:
        handler = self._handlers.get(self._reason)
        if handler is not None:
            handler()
        elif status:
            self._invalid_instruction()
        elif self._step.pending_at is not None:
            self.regs.load()
            if self._raise_pending():
                self._store_changes()
        elif early:
            return self._returned_early()
        return False

    def _store_changes(self) -> None:
        if self._dirty:
            self._store()

    def _returned_early(self) -> bool:
        """HLT at CPL0; anything else is an engine that lost its way."""
        self.regs.load()
        rip = self.regs.values[RIP]
        before = self.space.read(rip - 1, 1, 0)
        if not self.regs.values[raw.CS] & 3 and before == _HLT:
            return True
        self._recovery.retry(self._retired)
        return False

    def _tell(self, call: Callable[[Cpu], None]) -> None:
        """Call the listener outside the engine and take over what it changed."""
        self.regs.load()
        self._dirty = False
        call(self)
        self._store_changes()

    def _store(self) -> None:
        values = self.regs.values
        if values[EFLAGS] & FLAG_RF:
            values[EFLAGS] &= ~FLAG_RF
            self._rf.grant(values[RIP], self.now)
        self.regs.store_general()
        self._tf_before = bool(values[EFLAGS] & FLAG_TF)
        self._dirty = False

    # Inside the engine: hooks. None may raise into C.

    def _on_interrupt(self, _handle: int, vector: int, _data: int) -> None:
        try:
            if vector == Vector.DB:
                self._debug_interrupt()
            else:
                self._leave_with_interrupt(vector)
        except BaseException as error:  # noqa: BLE001  # carried over the C frame
            self._fail(error)

    def _on_system_call(self, _handle: int, _data: int) -> None:
        self._leave(Reason.SYSTEM_CALL, 0)

    def _fail(self, error: BaseException) -> None:
        self._error = error
        self._leave(Reason.SETTLED, 0)

    def _leave(self, reason: Reason, delta: int) -> None:
        self._accesses.closed = True
        self._reason = reason
        self._completed = self.engine.counter.value + delta
        self.engine.stop()

    # Execute breakpoints and successors.

    def _code(self, address: int) -> None:
        self.now = self._base + self.engine.counter.value - 1
        if self._reason is not Reason.NOTHING:
            return
        if self._step.pending_at is not None:
            self.regs.load()
            if self._raise_pending() and self._settle(-1):
                return
        self.hook_sync.refresh_special(self.emulated)
        if address not in self.hook_sync.special:
            return
        if self.onlookers.probes_here(address, self.now):
            self._leave(Reason.PROBE, -1)
            return
        told = self.onlookers.tell_ghosts_at(address, self.now)
        if told and self._settle(-1):
            return
        if self._comparators.execute_bits(address) and self._execute_fault(address):
            return
        if address in self.emulated:
            self._leave(Reason.EMULATE, -1)

    def _execute_fault(self, address: int) -> bool:
        """Raise the fault until something gives. True: do not go on in this hook."""
        again = self._step.stepping is not None
        if self._rf.suppresses(address, self.now, again=again):
            return False
        while bits := self._comparators.execute_bits(address):
            self._step.load()
            if self.repeat is not None and self.repeat(bits):
                self._rf.grant(address, self.now)
                return False
            self._raise(bits, fault=True)
            if self._settle(-1):
                return True
            if self.image_rf:
                return False
        return False

    def _raise(self, bits: int, *, fault: bool, image_rf: bool = False) -> None:
        self.image_rf = image_rf
        self.unit.report(bits)
        self.unit.branch_step = False
        self._listener.debug_exception(self, bits, fault=fault)
        if self.image_rf:
            self._rf.grant(self.regs.values[RIP], self.now)

    def _settle(self, delta: int) -> bool:
        """After the listener, inside the engine. True when the hook must return."""
        changed = self._dirty or not self.hook_sync.complete(self.space)
        if self._dirty:
            self._step.clear()  # somebody else's registers end the step under way
        if self._stop_requested or changed:
            # Stored outside: at a block's start the engine takes a new RIP back.
            self._leave(Reason.SETTLED, delta)
            return True
        return False

    # Data breakpoints.

    def _raise_pending(self) -> bool:
        """Raise the collected data trap; regs are loaded. False: nobody was told."""
        bits, hit = self._step.bits, self._step.hit
        self._step.clear()
        if hit and self.repeat is not None and self.repeat(bits):
            return False
        real = self.onlookers.tell_ghosts(bits) if hit else 0
        if real:
            self._raise(real, fault=False)
        return hit

    # Single steps, ours and the guest's.

    def _debug_interrupt(self) -> None:
        if self._reason in (Reason.SYSTEM_CALL, Reason.REFUSED):
            return  # SYSCALL masks TF, and what is refused has not been executed
        self.now = self._base + self.engine.counter.value
        self.regs.load()
        step, values = self._step, self.regs.values
        # A POPF that clears TF is still followed by its own step trap.
        single, self._tf_before = self._tf_before, bool(values[EFLAGS] & FLAG_TF)
        int1 = step.ran_into_int1(self._code_bytes(values[RIP] - 2))
        if int1 or (step.stepping is None and not (single or self._tf_before)):
            self._leave_with_interrupt(Vector.DB)  # INT $1
            return
        bits, hit, image_rf = step.bits, step.hit, False
        if step.stepping is None:
            single = True
        else:
            if step.runs_on():
                return
            single = step.guest_tf
            image_rf, more = step.finish(self.space, self._rf.was_visited)
            self._base += more
            self.now += more
            self._tf_before = bool(values[EFLAGS] & FLAG_TF)
        step.clear()
        if self.unit.branch_step:
            single = single and self._branches.taken(values[RIP])
        bits = self.onlookers.tell_ghosts(bits) if hit else 0
        if bits or single:
            bits |= DR6_BS if single else 0
            self._raise(bits, fault=False, image_rf=image_rf)
            self._tf_before = bool(values[EFLAGS] & FLAG_TF)
            if not self._settle(0) and self._pauses_next(values[RIP]):
                self._leave(Reason.SETTLED, 0)
        elif hit:
            self._settle(0)

    def _pauses_next(self, rip: int) -> bool:
        """PAUSE ends the engine's block without the step trap that TF demands."""
        return self._tf_before and self._code_bytes(rip)[:2] == PAUSE

    # Everything else that interrupts.

    def _leave_with_interrupt(self, vector: int) -> None:
        self._vector = vector
        self._step.forget_taken()
        self._leave(Reason.INTERRUPT, 0 if vector == Vector.BP else -1)

    def _refuse(self, vector: int) -> None:
        """In a hook: the instruction under way faults, whatever the engine makes of it."""
        self._vector = vector
        self._leave(Reason.REFUSED, -1)

    def _system_call(self) -> None:
        self._step.abandon()
        self._tell(self._listener.system_call)

    def _take_back_and_fault(self) -> None:
        self._step.undo(self.space)
        self._exception(self._vector)

    def _exception(self, vector: int) -> None:
        """A fault or int3, told outside the engine."""
        self._recovery.clean_slate(settle_flags=vector not in (Vector.DB, Vector.BP))
        self._step.abandon()
        if vector == Vector.DF:
            # No task can raise one: two exceptions were mixed up.
            self._recovery.retry(self._retired)
        elif vector == Vector.BP:
            self.image_rf = False
            self._tell(self._listener.breakpoint_exception)
        elif is_int_n(vector, self._code_bytes(self.regs.values[RIP] - 2)):
            self.regs.values[RIP] -= 2
            self.raise_fault(Vector.GP, vector << 3 | 2)
        elif not self._fetch_breakpoint(vector) and not self._carried_out():
            self.raise_fault(vector)

    def raise_fault(self, vector: int, error: int = 0) -> None:
        """A fault of the instruction at RIP; regs are loaded."""
        address = 0
        if vector == Vector.PF:
            values = self.regs.values
            address = values[raw.CR2]
            error = page_fault_error(values[RIP], address, values[raw.CS], self.space)
        self.regs.values[EFLAGS] |= FLAG_RF  # every fault pushes RF = 1
        self._dirty = False
        self._listener.exception(self, vector, error, address)
        self._store_changes()

    def _fetch_breakpoint(self, vector: int) -> bool:
        """An execute breakpoint comes before the fault of its own fetch."""
        rip = self.regs.values[RIP]
        bits = self._comparators.execute_bits(rip)
        if vector != Vector.PF or not bits or self.regs.values[raw.CR2] != rip:
            return False
        if self._rf.granted(rip, self.now):
            return False
        self._raise(bits, fault=True)
        self._store_changes()
        return True

    def _invalid_instruction(self) -> None:
        self._step.abandon()
        if self._code_bytes(self.regs.values[RIP])[:1] == _ICEBP:
            self._skip(1, steps=False)  # a #DB that no condition explains
            self.image_rf = False
            self._listener.debug_exception(self, 0, fault=False)
            self._store_changes()
        elif not self._carried_out():
            self.raise_fault(Vector.UD)

    def _emulate_instruction(self) -> None:
        self.regs.load()
        self._carried_out()

    def _carried_out(self) -> bool:
        """The instruction at RIP is one that must not reach the engine."""
        length = self._emulate(self, self._code_bytes(self.regs.values[RIP]))
        if length:
            self._skip(length, steps=True)
        return bool(length)

    def _skip(self, length: int, *, steps: bool) -> None:
        """The instruction was carried out by hand: step over it and count it."""
        self.regs.values[RIP] += length
        self._retired += 1
        self.now = self._retired
        self._store()
        if steps and self.regs.values[EFLAGS] & FLAG_TF:
            self._raise(DR6_BS, fault=False)
            self._store_changes()

    def _code_bytes(self, address: int) -> bytes:
        return self.space.mapped_bytes(address, LONGEST)

    def _decode(self, address: int) -> Instruction | None:
        return decode(self._code_bytes(address))
