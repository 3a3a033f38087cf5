"""The causal tree of one hit: who was called, what it wrote, what it returned.

Built from the records of the hit alone. Each record names its parent in ``cause``; the
record of the hit itself is the root. Nothing is guessed: a callee that the chain did not
reach is in the records too (NOT_REACHED) and is drawn as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from emulator.events import (
    NO_SLOT,
    Callee,
    EventFlag,
    EventKind,
    GuestField,
    Outcome,
    ShadowField,
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
from emulator.trace.record import Record

#: Callees whose return value is a NOTIFY_*.
_NOTIFIES = frozenset(
    {
        Callee.notify_die,
        Callee.hw_breakpoint_exceptions_notify,
        Callee.hw_breakpoint_handler,
        Callee.kprobe_exceptions_notify,
        Callee.kgdb_notify,
    }
)


#: Callees whose return value is a register.
_HEX_RETURNS = frozenset({Callee.local_db_save})


@dataclass(frozen=True, slots=True)
class Effect:
    """Something read (R) or written (W): its name, the value before and after."""

    op: str
    name: str
    old: int
    new: int
    digits: int = 16

    @property
    def same(self) -> bool:
        """Written, but nothing changed."""
        return self.old == self.new


@dataclass(frozen=True, slots=True)
class Return:
    """How a callee came back; style is ``stop``, ``done``, ``void`` or ``errno``."""

    text: str
    style: str


@dataclass(slots=True)
class Node:
    """One line of the tree."""

    seq: int
    offset: int
    kind: str
    name: str
    text: str = ""
    priority: str = ""
    effects: list[Effect] = field(default_factory=list)
    returned: Return | None = None
    reached: bool = True
    fault: str = ""
    """Why this line deviates, or empty."""
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


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
    if record.aux == Callee.notify_die:
        node.text = DIE_NAMES.get(record.value, f"action {record.value:#x}")
    node.returned = _returned(record)


def _returned(record: Record) -> Return | None:
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
    node.returned = _returned(record)


def _not_reached(record: Record, node: Node) -> None:
    node.priority = priority_name(record.addr)
    node.text = "not reached"
    node.reached = False


def _dr_write(record: Record, node: Node) -> None:
    name = "HW7" if record.slot == 7 else f"DR{record.slot}"
    digits = 16 if record.slot < 4 else 8
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
    node.text = f"breakpoint {record.slot} at {record.addr:#x}"
    node.returned = _returned(record)


def _slots(record: Record, node: Node) -> None:
    reserved = record.kind == EventKind.SLOT_RESERVED
    node.name = "reserve_bp_slot" if reserved else "release_bp_slot"
    node.text = f"{record.value} pinned on CPU {record.cpu} afterwards"
    node.returned = _returned(record)


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
    node.fault = f"{record.addr:#x} against {record.value:#x}"


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
    EventKind.FAULT: _fault,
    EventKind.LIVELOCK: _livelock,
    EventKind.INVARIANT: _invariant,
    EventKind.RUN_END: _run_end,
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


def hit_records(records: Iterable[Record], seq: int) -> list[Record]:
    """Those records that the event ``seq`` caused, itself first, in order."""
    chosen: list[Record] = []
    family = {seq}
    for record in records:
        if record.seq == seq or record.cause in family:
            family.add(record.seq)
            chosen.append(record)
    return chosen


def last_straw(records: Iterable[Record], seq: int) -> Record | None:
    """The LIVELOCK that follows the hit ``seq`` on its CPU before another hit, as caused
    by that hit: the machine notices it only after the return."""
    hit: Record | None = None
    for record in records:
        if record.seq == seq:
            hit = record
        elif hit is not None and record.cpu == hit.cpu:
            if record.kind == EventKind.HIT:
                return None
            if record.kind == EventKind.LIVELOCK:
                return record._replace(cause=seq)
    return None


def build_tree(records: Iterable[Record], seq: int) -> Node | None:
    """The causal tree below the event ``seq``, or None when it is not among the records.

    ``records`` may hold more than this tree (the following events, other CPUs): what does
    not descend from ``seq`` is left out.
    """
    nodes: dict[int, Node] = {}
    for record in hit_records(records, seq):
        parent = nodes.get(record.cause)
        if record.kind == EventKind.RETURN and parent is not None:
            parent.returned = _returned(record)
            continue
        node = event_in_words(record)
        node.offset = record.seq - seq
        nodes[record.seq] = node
        if parent is not None:
            parent.children.append(node)
    return nodes.get(seq)


def slot_of(record: Record) -> int | None:
    """The breakpoint slot of a hit, or None for an event without one."""
    return None if record.slot == NO_SLOT else record.slot
