"""One event as a line: its name, what it read and wrote, what it returned.

Nothing is guessed: a callee that the chain did not reach is in the records too
(NOT_REACHED) and is drawn as such.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from emulator.events import (
    Callee,
    ConditionResult,
    EventFlag,
    EventKind,
    GuestField,
    Invariant,
    Limit,
    Outcome,
    ShadowField,
    ShadowOwner,
)
from emulator.trace.names import (
    DIE_NAMES,
    enum_name,
    errno_name,
    exception_name,
    invariant_in_words,
    priority_name,
    return_name,
    signal_name,
)
from emulator.trace.node import Effect, Node, Return
from emulator.trace.record import Record

#: Callees whose return value is a NOTIFY_*.
_NOTIFIES = frozenset(
    {
        Callee.notify_die,
        Callee.hw_breakpoint_exceptions_notify,
        Callee.hw_breakpoint_handler,
        Callee.kprobe_exceptions_notify,
        Callee.kgdb_notify,
        Callee.kgdb_ll_trap,
        Callee.recipe_notifier,
    }
)


#: Callees whose return value is a register.
_HEX_RETURNS = frozenset({Callee.local_db_save})


def slot_types(flags: int) -> str:
    """Which access a hit reports: ``execute``, ``write``, ``read or write``."""
    names = [
        word
        for flag, word in (
            (EventFlag.EXECUTE, "execute"),
            (EventFlag.READ, "read"),
            (EventFlag.WRITE, "write"),
        )
        if flags & flag
    ]
    return " or ".join(names) or "access"


def _matched(aux: int) -> str:
    slots = [str(n) for n in range(4) if aux >> n & 1]
    if not slots:
        return "no slot matched"
    return f"slot{'s' if len(slots) > 1 else ''} {' and '.join(slots)} matched"


def _hit(record: Record, node: Node) -> None:
    node.name = "#DB"
    when = (
        "fault before the instruction"
        if record.flags & EventFlag.FAULT_CLASS
        else "trap after the instruction"
    )
    mode = "user" if record.flags & EventFlag.USER else "kernel"
    node.text = (
        f"{_matched(record.aux)}: {slot_types(record.flags)}; {when}, from {mode} mode"
    )


def _debug_exception(record: Record, node: Node) -> None:
    node.name = "#DB"
    step = record.aux >> 14 & 1 or record.flags & EventFlag.SINGLE_STEP
    node.text = "single step" if step else "no breakpoint matched"


def _call(record: Record, node: Node) -> None:
    say = _CALLS.get(Callee(record.aux)) if record.aux in _KNOWN else None
    if say is not None:
        node.text = say(record)
    node.number = record.addr
    node.returned = returned_in_words(record)


def breakpoint_name(index: int) -> str:
    """Whose event an index of perf's is: emulator.core.perf_event.PerfEvent.index."""
    if index >= 0x1000:
        pid, number = divmod(index - 0x1000, 4)
        return f"ptrace's breakpoint {number} of task {pid}"
    return f"kgdb's {index - 0x100}" if index >= 0x100 else f"breakpoint {index}"


def _counted(record: Record) -> str:
    return f"{breakpoint_name(record.addr)}, count {record.value}"


#: What a call says beside its name.
_CALLS: dict[Callee, Callable[[Record], str]] = {
    Callee.notify_die: lambda r: DIE_NAMES.get(r.value, f"action {r.value:#x}"),
    Callee.perf_bp_event: _counted,
    Callee.overflow_handler: lambda r: breakpoint_name(r.addr),
    Callee.arch_install_hw_breakpoint: lambda r: breakpoint_name(r.addr),
    Callee.arch_uninstall_hw_breakpoint: lambda r: breakpoint_name(r.addr),
    Callee.dbg_reserve_bp_slot: lambda r: breakpoint_name(r.addr),
    Callee.dbg_release_bp_slot: lambda r: breakpoint_name(r.addr),
    Callee.kgdb_handle_exception: lambda r: f"vector {r.value}, signal {r.addr}",
    Callee.kgdb_set_hw_break: lambda r: f"at {r.addr:#x}",
    Callee.kgdb_remove_hw_break: lambda r: f"at {r.addr:#x}",
    Callee.kgdb_arch_handle_exception: lambda r: f"packet {chr(r.value & 0x7F)}",
    Callee.ptrace_set_debugreg: lambda r: f"u_debugreg[{r.addr}] = {r.value:#x}",
    Callee.ptrace_get_debugreg: lambda r: f"u_debugreg[{r.addr}]: {r.value:#x}",
}
_KNOWN = frozenset(int(callee) for callee in Callee)


def returned_in_words(record: Record) -> Return | None:
    """How a call came back; None when that is told by a later event."""
    if record.flags & EventFlag.VOID:
        return Return("void", "void")
    if record.flags & EventFlag.OPEN:
        return None
    if record.kind == EventKind.NOTIFIER_CALL or record.aux in _NOTIFIES:
        text, stops = return_name(record.ret)
        return Return(text, "stop" if stops else "done")
    if record.aux in _HEX_RETURNS:
        return Return(f"{record.ret & 0xFFFFFFFF:#x}", "done")
    if record.ret < 0:
        return Return(errno_name(record.ret), "errno")
    return Return(str(record.ret), "done")


def _notifier(record: Record, node: Node) -> None:
    node.priority = priority_name(record.addr)
    node.returned = returned_in_words(record)


def _not_reached(record: Record, node: Node) -> None:
    node.priority = priority_name(record.addr)
    node.text = "not reached"
    node.reached = False


def _dr_write(record: Record, node: Node) -> None:
    name = "HW7" if record.slot == 7 else f"DR{record.slot}"
    digits = 16 if record.slot < 4 else 8
    node.writer = enum_name(Callee, record.aux)
    _effect(node, Effect("W", name, record.addr, record.value, digits))


def _shadow_write(record: Record, node: Node) -> None:
    name = enum_name(ShadowField, record.slot)
    if name.startswith(("cpu_debugreg", "bp_per_reg")):
        name = f"{name[:-1]}[{name[-1]}]"
    digits = 16 if name.startswith("cpu_debugreg") else 8
    _effect(node, Effect("W", name, record.addr, record.value, digits))


def _regs_write(record: Record, node: Node) -> None:
    name = f"regs->{enum_name(GuestField, record.slot)}"
    _effect(node, Effect("W", name, record.addr, record.value))


def _effect(node: Node, effect: Effect) -> None:
    node.name = ""
    node.effects = [effect]
    node.text = "same value" if effect.same else ""


def _iret(record: Record, node: Node) -> None:
    node.name = "iret"
    node.text = f"RF {record.value >> 16 & 1}, TF {record.value >> 8 & 1}"


def _signal(record: Record, node: Node) -> None:
    node.name = signal_name(record.value)
    node.text = f"to task {record.task}, si_code {record.aux}, si_addr {record.addr:#x}"


def _registered(record: Record, node: Node) -> None:
    node.text = f"{holder_name(record.slot)} at {record.addr:#x}"
    if record.value >> 16 & 1:
        node.text += ", disabled"
    node.returned = returned_in_words(record)


def _slots(record: Record, node: Node) -> None:
    reserved = record.kind == EventKind.SLOT_RESERVED
    node.name = enum_name(Callee, record.aux)
    task = record.value >> 32
    where = f"task {task}" if task else f"CPU {record.addr}"
    node.text = f"{holder_name(record.slot)} for {where}"
    if not record.ret:
        node.text += f", {record.value & 0xFF} pinned afterwards"
    node.returned = returned_in_words(record) if reserved else None


def holder_name(field: int) -> str:
    """Who a slot is for, as the slot field of SLOT_RESERVED tells."""
    if field >= 0xC0:
        return f"ptrace's breakpoint {field - 0xC0}"
    return f"kgdb's {field - 0x80}" if field >= 0x80 else f"breakpoint {field}"


def _slot_arithmetic(record: Record, node: Node) -> None:
    own, tasks, flexible, asked = record.value.to_bytes(8, "little")[:4]
    node.name = f"CPU {record.slot}"
    whose = f" (task {record.addr})" if record.addr else ""
    sums = [f"{own} of the CPU", f"{tasks} of tasks{whose}"]
    if flexible:
        sums.append(f"{flexible} flexible")
    node.text = f"{' + '.join(sums)} + {asked} asked for, 4 slots"


def _kgdb_enter(record: Record, node: Node) -> None:
    slave = record.flags & EventFlag.SLAVE
    node.name = "kgdb_cpu_enter"
    node.text = (
        f"CPU {record.cpu} {'waits for the master' if slave else 'is the master'}"
    )


def _kgdb_leave(record: Record, node: Node) -> None:
    node.name = "kgdb leave"
    node.text = f"CPU {record.cpu} goes on"


def _debugger_stop(record: Record, node: Node) -> None:
    node.name = "debugger"
    which = f"stop {record.value}" if record.value else "unwanted stop"
    node.text = f"{which} at {record.addr:#x}, {signal_name(record.aux)}"
    node.number = record.value


def _packet(record: Record, node: Node) -> None:
    node.name = "packet to the debugger" if record.aux else "packet from the debugger"
    node.text = f"{record.value} byte{'' if record.value == 1 else 's'}"


def _action(record: Record, node: Node) -> None:
    node.name = f"script[{record.value}]"
    node.returned = returned_in_words(record) if record.ret else None


def _not_fired(record: Record, node: Node) -> None:
    owner = enum_name(ShadowOwner, record.aux)
    node.name = "not fired"
    node.text = (
        f"{slot_types(record.flags)} at {record.addr:#x}: {owner} believes it is watched,"
        " the hardware has it off"
    )
    node.fault = "silent"


def _vm_entry(record: Record, node: Node) -> None:
    node.name = "VM entry"
    node.text = f"the guest's DR7 is {record.value:#x}"


def _vm_exit(_record: Record, node: Node) -> None:
    node.name = "VM exit"
    node.text = "the processor has set DR7 to 0x400"


def _fork(record: Record, node: Node) -> None:
    node.name = "fork"
    node.text = f"task {record.task} has child {record.value}"


def _exec(record: Record, node: Node) -> None:
    node.name = "exec"
    node.text = f"task {record.task} begins another program"


def _restops(record: Record, node: Node) -> None:
    node.name = "stops again and again"
    node.text = f"{record.value} stops of the debugger in one place, nothing retired"
    node.fault = "no progress"


def _notifier_moved(record: Record, node: Node) -> None:
    added = record.kind == EventKind.NOTIFIER_ADDED
    node.priority = priority_name(record.addr)
    node.text = f"notifier {record.slot} {'joins' if added else 'leaves'} the die chain"
    node.returned = returned_in_words(record)


def _breakinfo(record: Record, node: Node) -> None:
    enabled = record.value >> 16 & 1
    node.name = f"breakinfo[{record.slot}]"
    node.text = f"{'enabled' if enabled else 'off'}, at {record.addr:#x}"


def _signal_frame(record: Record, node: Node) -> None:
    node.name = "signal frame"
    node.text = f"{signal_name(record.value)} at {record.addr:#x}"


def _signal_return(record: Record, node: Node) -> None:
    node.name = "rt_sigreturn"
    node.text = f"RF {record.value >> 16 & 1}, TF {record.value >> 8 & 1}"


def _ptrace_stop(record: Record, node: Node) -> None:
    node.name = "ptrace stop"
    node.text = f"task {record.task} reports {signal_name(record.value)} to its tracer"


#: What a condition came to, in words.
_CONDITIONS: dict[int, str] = {
    ConditionResult.unwanted: "does not hold",
    ConditionResult.wanted: "holds",
    ConditionResult.ignored: "holds, still ignored",
    ConditionResult.last: "holds, the last hit that is wanted",
}


def _condition(record: Record, node: Node) -> None:
    said = _CONDITIONS.get(record.aux, str(record.aux))
    if record.ret < 0:
        said = "has no value"
        node.returned = Return(errno_name(record.ret), "errno")
    node.name = "condition"
    node.text = f"of {breakpoint_name(record.slot)}, its hit {record.value}: {said}"
    node.number = record.aux


def _int3(_record: Record, node: Node) -> None:
    node.name = "#BP"
    node.text = "int3"


def _fault(record: Record, node: Node) -> None:
    node.name = exception_name(record.value)
    node.text = f"error code {record.aux:#x}, address {record.addr:#x}"


def _livelock(record: Record, node: Node) -> None:
    node.name = "livelock"
    node.text = f"the same #DB {record.value} times, nothing retired"
    node.fault = "no progress"


def _invariant(record: Record, node: Node) -> None:
    node.name = "invariant"
    node.text = invariant_in_words(record.aux)
    node.number = record.aux
    node.fault = _broken_by(record)


def _broken_by(record: Record) -> str:
    """The numbers that do not fit."""
    number, value, addr = record.aux, record.value, record.addr
    if number == Invariant.dr7_equals_cpu_dr7:
        return f"DR7 {value:#x}, cpu_dr7 {addr:#x}"
    if number == Invariant.delivered_once:
        times = {0: "never", 1: "once", 2: "twice"}.get(value, f"{value} times")
        return f"slot {addr}: {times}"
    if number == Invariant.no_stray_sigtrap:
        return f"task {value}"
    if number == Invariant.no_foreign_stop:
        return f"{value} stop{'' if value == 1 else 's'}"
    if number == Invariant.armed_has_owner:
        return f"slot {record.slot} at {addr:#x}"
    if number == Invariant.owner_is_armed:
        return f"{addr:#x}, DR7 {value:#x}"
    if number == Invariant.slots_conserved:
        return f"{value} reserved for {addr}"
    return f"{value} times"


def _syscall(record: Record, node: Node) -> None:
    node.name = "system call"
    node.text = f"number {record.value}, first argument {record.addr:#x}"
    if record.flags & EventFlag.SYSCALL_UNKNOWN:
        node.text += ", not modelled"
    text = errno_name(record.ret) if record.ret < 0 else str(record.ret)
    node.returned = Return(text, "errno" if record.ret < 0 else "done")


def _output(record: Record, node: Node) -> None:
    stream = {1: "stdout", 2: "stderr"}.get(record.aux, f"descriptor {record.aux}")
    node.name = "output"
    node.text = f"{record.value} bytes to {stream}"


def _task(record: Record, node: Node) -> None:
    starts = record.kind == EventKind.TASK_START
    node.name = "task start" if starts else "task exit"
    how = f"at {record.rip:#x}" if starts else f"wait status {record.value:#x}"
    node.text = f"task {record.task}, {how}"


def _context_switch(record: Record, node: Node) -> None:
    node.name = "context switch"
    node.text = f"from task {record.value} to task {record.task}"


def _limit(record: Record, node: Node) -> None:
    node.name = "limit reached"
    node.text = f"{enum_name(Limit, record.aux)}, {record.value}"


def _interrupt(record: Record, node: Node) -> None:
    node.name = "NMI" if record.value == 2 else f"interrupt {record.value:#x}"


def _run_end(record: Record, node: Node) -> None:
    node.name = "run ended"
    node.text = enum_name(Outcome, record.aux).replace("_", " ")


_DRAW = {
    EventKind.HIT: _hit,
    EventKind.DEBUG_EXCEPTION: _debug_exception,
    EventKind.CALL: _call,
    EventKind.NOTIFIER_CALL: _notifier,
    EventKind.NOT_REACHED: _not_reached,
    EventKind.DR_WRITE: _dr_write,
    EventKind.SHADOW_WRITE: _shadow_write,
    EventKind.REGS_WRITE: _regs_write,
    EventKind.IRET: _iret,
    EventKind.SIGNAL: _signal,
    EventKind.BREAKPOINT_REGISTERED: _registered,
    EventKind.BREAKPOINT_UNREGISTERED: _registered,
    EventKind.SLOT_RESERVED: _slots,
    EventKind.SLOT_RELEASED: _slots,
    EventKind.SYSCALL: _syscall,
    EventKind.OUTPUT: _output,
    EventKind.FAULT: _fault,
    EventKind.TASK_START: _task,
    EventKind.TASK_EXIT: _task,
    EventKind.CONTEXT_SWITCH: _context_switch,
    EventKind.LIVELOCK: _livelock,
    EventKind.LIMIT: _limit,
    EventKind.INVARIANT: _invariant,
    EventKind.RUN_END: _run_end,
    EventKind.INTERRUPT: _interrupt,
    EventKind.INT3: _int3,
    EventKind.SLOT_ARITHMETIC: _slot_arithmetic,
    EventKind.KGDB_ENTER: _kgdb_enter,
    EventKind.KGDB_LEAVE: _kgdb_leave,
    EventKind.DEBUGGER_STOP: _debugger_stop,
    EventKind.PACKET: _packet,
    EventKind.ACTION: _action,
    EventKind.NOT_FIRED: _not_fired,
    EventKind.VM_ENTRY: _vm_entry,
    EventKind.VM_EXIT: _vm_exit,
    EventKind.TASK_FORK: _fork,
    EventKind.TASK_EXEC: _exec,
    EventKind.BREAKPOINT_CHANGED: _registered,
    EventKind.RESTOPS: _restops,
    EventKind.NOTIFIER_ADDED: _notifier_moved,
    EventKind.NOTIFIER_REMOVED: _notifier_moved,
    EventKind.BREAKINFO_WRITE: _breakinfo,
    EventKind.SIGNAL_FRAME: _signal_frame,
    EventKind.SIGNAL_RETURN: _signal_return,
    EventKind.PTRACE_STOP: _ptrace_stop,
    EventKind.CONDITION: _condition,
}


def event_in_words(record: Record) -> Node:
    """One record as a line, without what it caused."""
    kind = enum_name(EventKind, record.kind)
    node = Node(record.seq, 0, kind, enum_name(Callee, record.aux))
    draw = _DRAW.get(EventKind(record.kind)) if kind in EventKind.__members__ else None
    if draw is None:
        node.name = kind.lower().replace("_", " ")
    else:
        draw(record, node)
    return node


@cache
def says_fault(kind: int, aux: int) -> bool:
    """Whether an event of this kind says that something is wrong."""
    record = Record._make((0,) * len(Record._fields))
    return bool(event_in_words(record._replace(kind=kind, aux=aux)).fault)
