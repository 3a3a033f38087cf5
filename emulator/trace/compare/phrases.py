"""Differences in one plain sentence: ``DR7 after IRET: left 0x90602, right 0x99060a``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulator.events import Callee, EventFlag, EventKind, GuestField
from emulator.snapshot import Moment
from emulator.trace.compare.comparison import State
from emulator.trace.compare.detail import Change, Line, Said
from emulator.trace.names import enum_name, priority_name
from emulator.trace.words import rflags_name

#: Words that are worth telling before the general registers.
_FIRST = ("dr7", "dr6", "cpu_dr7", "dr0", "dr1", "dr2", "dr3", "virtual_dr6")
_UPPER = frozenset({"dr0", "dr1", "dr2", "dr3", "dr6", "dr7", "rip"})
_MOMENTS = {
    Moment.hit_entry: "at entry",
    Moment.debugger_enter: "when the debugger is entered",
    Moment.debugger_leave: "when the debugger is left",
    Moment.after_iret: "after IRET",
    Moment.run_end: "at the end",
}
_TEXT_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Names:
    """What the sides are called, and how an address is named."""

    left: str = "left"
    right: str = "right"
    place: Callable[[int], str] = hex


PLAIN = Names()


@dataclass(frozen=True, slots=True)
class Phrase:
    """What differs, and what each side has there."""

    subject: str
    left: str
    right: str
    sentence: str

    @classmethod
    def of(cls, subject: str, left: str, right: str, names: Names) -> Phrase:
        """The usual sentence."""
        text = f"{subject}: {names.left} {left}, {names.right} {right}"
        return cls(subject, left, right, text)


def phrase(line: Line, names: Names = PLAIN) -> Phrase:
    """The first thing that differs in a line."""
    if line.left is None or line.right is None:
        return _alone(line, names)
    if not line.changes:
        return Phrase.of(event_name(line.left, names), "the same", "the same", names)
    return change_phrase(line, told_first(line.changes), names)


def told_first(changes: list[Change]) -> Change:
    """The change that a line's sentence is about."""
    fields = [change for change in changes if not change.moment]
    if fields:
        return fields[0]
    by_name = {change.what: change for change in changes}
    return next((by_name[name] for name in _FIRST if name in by_name), changes[0])


def _alone(line: Line, names: Names) -> Phrase:
    does = does_what(line.said, names)
    at_left = line.state is State.only_left
    here, there = (names.left, names.right) if at_left else (names.right, names.left)
    words = ("here", "elsewhere") if line.elsewhere else ("yes", "no")
    other = "does so elsewhere" if line.elsewhere else "does not"
    return Phrase(
        does[0].upper() + does[1:],
        words[0] if at_left else words[1],
        words[1] if at_left else words[0],
        f"{here} {does}{' here' if line.elsewhere else ''}, {there} {other}",
    )


def change_phrase(line: Line, change: Change, names: Names = PLAIN) -> Phrase:
    """One change of a line that both sides have."""
    left, right = line.left, line.right
    assert left is not None
    assert right is not None
    if change.moment:
        name = change.what.upper() if change.what in _UPPER else change.what
        subject = f"{name} {_MOMENTS.get(Moment(change.moment), '')}".strip()
        return Phrase.of(subject, hex(change.left), hex(change.right), names)
    if change.what in ("kind", "aux") and left.record.kind in _CALLED:
        return _instead(left, right, names)
    tell = _TELL.get(change.what, _plain)
    return tell(left, right, change, names)


def _instead(left: Said, right: Said, names: Names) -> Phrase:
    one, other = does_what(left, names), does_what(right, names)
    return Phrase(
        event_name(left, names),
        one,
        other,
        f"{names.left} {one}, {names.right} {other}",
    )


def _returns(left: Said, right: Said, change: Change, names: Names) -> Phrase:
    one, other = (
        said.node.returned.text if said.node.returned else str(said.record.ret)
        for said in (left, right)
    )
    return Phrase.of(f"Return of {event_name(left, names)}", one, other, names)


def _value(left: Said, right: Said, change: Change, names: Names) -> Phrase:
    kind = left.record.kind
    if kind == EventKind.IRET:
        return _flags(change, names)
    if left.node.effects:
        by = f" by {left.by}" if left.by else ""
        subject = f"{left.node.effects[0].name} as written{by}"
        return Phrase.of(subject, hex(change.left), hex(change.right), names)
    if kind in _WATCHES:
        subject = f"Breakpoint {left.record.slot} in {left.node.name}"
        one, other = _watch(change.left), _watch(change.right)
        return Phrase.of(subject, one, other, names)
    if kind == EventKind.HIT:
        subject = f"Watched bytes at {names.place(left.record.addr)}"
        return Phrase.of(subject, hex(change.left), hex(change.right), names)
    if kind == EventKind.CALL and left.record.aux in _COUNTING:
        subject = f"Count of the event in {left.by}"
        return Phrase.of(subject, str(change.left), str(change.right), names)
    return _plain(left, right, change, names)


def _watch(value: int) -> str:
    """Length and type of a breakpoint; a change has a bit for disabled as well."""
    kind = _TYPES.get(value >> 8 & 0xFF, f"type {value >> 8 & 0xFF}")
    disabled = ", disabled" if value >> 16 & 1 else ""
    return f"{kind} of length {value & 0xFF}{disabled}"


def _flags(change: Change, names: Names) -> Phrase:
    bits = [n for n in range(64) if (change.left ^ change.right) >> n & 1]
    if len(bits) > 1:
        subject = "RFLAGS of the return image"
        return Phrase.of(subject, hex(change.left), hex(change.right), names)
    subject = f"{rflags_name(bits[0])} in the return image"
    return Phrase.of(
        subject,
        str(change.left >> bits[0] & 1),
        str(change.right >> bits[0] & 1),
        names,
    )


def _old(left: Said, right: Said, change: Change, names: Names) -> Phrase:
    if left.node.effects:
        by = f" by {left.by}" if left.by else ""
        subject = f"{left.node.effects[0].name} before it is written{by}"
        return Phrase.of(subject, hex(change.left), hex(change.right), names)
    if left.record.kind in (EventKind.NOTIFIER_CALL, EventKind.NOT_REACHED):
        return _priority(left, right, names)
    return _plain(left, right, change, names)


def _priority(left: Said, right: Said, names: Names) -> Phrase:
    one, other = (priority_name(said.record.addr) for said in (left, right))
    return Phrase.of(f"Priority of {event_name(left, names)}", one, other, names)


def _flag_word(left: Said, right: Said, change: Change, names: Names) -> Phrase:
    if (change.left ^ change.right) & EventFlag.VOID:
        return _returns(left, right, change, names)
    return _plain(left, right, change, names)


def _text(left: Said, right: Said, change: Change, names: Names) -> Phrase:
    one, other = (_quoted(said.texts) for said in (left, right))
    return Phrase.of(f"Text of {event_name(left, names)}", one, other, names)


def _quoted(texts: tuple[bytes, ...]) -> str:
    text = b"".join(texts).decode("utf-8", "replace")
    text = text if len(text) <= _TEXT_SHOWN else f"{text[:_TEXT_SHOWN]}…"
    return repr(text) if texts else "none"


def _place(left: Said, right: Said, change: Change, names: Names) -> Phrase:
    subject = f"Retired instructions at {event_name(left, names)}"
    return Phrase.of(subject, str(change.left), str(change.right), names)


def _what_else(left: Said, right: Said, change: Change, names: Names) -> Phrase:
    """aux of an event that is no call: its own words say it."""
    one, other = left.node.text, right.node.text
    if left.node.effects:
        return Phrase.of(
            f"Writer of {left.node.effects[0].name}", left.by, right.by, names
        )
    if one == other:
        return _plain(left, right, change, names)
    return Phrase.of(_upper(left.node.name), one, other, names)


def _plain(left: Said, right: Said, change: Change, names: Names) -> Phrase:
    if left.node.text != right.node.text and left.node.text and right.node.text:
        # The tree has better words for what differs than a number.
        one, other = (f"“{said.node.text}”" for said in (left, right))
        return Phrase.of(_upper(event_name(left, names)), one, other, names)
    wide = change.what in ("value", "addr", "rip", "flags", "aux")
    one, other = (
        (hex(change.left), hex(change.right))
        if wide
        else (str(change.left), str(change.right))
    )
    subject = f"{change.what} of {event_name(left, names)}"
    return Phrase.of(subject, one, other, names)


_TELL: dict[str, Callable[[Said, Said, Change, Names], Phrase]] = {
    "ret": _returns,
    "flags": _flag_word,
    "value": _value,
    "addr": _old,
    "text": _text,
    "retired": _place,
    "aux": _what_else,
}
_WATCHES = (
    EventKind.BREAKPOINT_REGISTERED,
    EventKind.BREAKPOINT_UNREGISTERED,
    EventKind.BREAKPOINT_CHANGED,
)
#: include/uapi/linux/hw_breakpoint.h.
_TYPES = {1: "read", 2: "write", 3: "access", 4: "execute"}
_CALLED = (EventKind.CALL, EventKind.NOTIFIER_CALL, EventKind.NOT_REACHED)
_COUNTING = (Callee.perf_bp_event, Callee.overflow_handler)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def event_name(said: Said, names: Names) -> str:
    """An event as a noun."""
    node, record = said.node, said.record
    if record.kind == EventKind.HIT:
        return f"the hit on {names.place(record.addr)}"
    if node.effects:
        return f"the write to {node.effects[0].name}"
    return node.name or enum_name(EventKind, record.kind).lower().replace("_", " ")


def does_what(said: Said, names: Names) -> str:
    """An event as what a side does: ``writes HW7 0x400 → 0xd0602 in …``."""
    node, record = said.node, said.record
    tell = _DOES.get(record.kind)
    if tell is not None:
        return tell(said, names)
    text = f" ({node.text})" if node.text else ""
    return f"has “{node.name}”{text}"


def _writes(said: Said, names: Names) -> str:
    effect = said.node.effects[0]
    by = f" in {said.by}" if said.by else ""
    return f"writes {effect.name} {effect.old:#x} → {effect.new:#x}{_flag(said)}{by}"


def _flag(said: Said) -> str:
    """Which flag a write to the saved RFLAGS changes, when it is one."""
    record = said.record
    bits = [n for n in range(64) if (record.addr ^ record.value) >> n & 1]
    if (record.kind, record.slot) != (EventKind.REGS_WRITE, GuestField.flags):
        return ""
    if len(bits) != 1:
        return ""
    word = "sets" if record.value >> bits[0] & 1 else "clears"
    return f" ({word} {rflags_name(bits[0])})"


def _hits(said: Said, names: Names) -> str:
    record = said.record
    place = names.place(record.addr)
    if record.flags & EventFlag.EXECUTE:
        return f"hits the execute breakpoint {place} on CPU {record.cpu}"
    return f"hits {place} from {names.place(record.rip)} on CPU {record.cpu}"


def _calls(said: Said, names: Names) -> str:
    slot = "" if said.record.slot > 3 else f" for slot {said.record.slot}"
    return f"calls {said.node.name}{slot}"


def _signals(said: Said, names: Names) -> str:
    return f"sends {said.node.name} to task {said.record.task}"


def _stops(said: Said, names: Names) -> str:
    record = said.record
    return f"stops in the debugger at {names.place(record.addr)} on CPU {record.cpu}"


_DOES: dict[int, Callable[[Said, Names], str]] = {
    EventKind.HIT: _hits,
    EventKind.CALL: _calls,
    EventKind.NOTIFIER_CALL: _calls,
    EventKind.NOT_REACHED: lambda said, _: f"does not reach {said.node.name}",
    EventKind.DR_WRITE: _writes,
    EventKind.SHADOW_WRITE: _writes,
    EventKind.REGS_WRITE: _writes,
    EventKind.SIGNAL: _signals,
    EventKind.IRET: lambda said, _: "returns from the exception",
    EventKind.SYSCALL: lambda said, _: f"makes system call {said.record.value}",
    EventKind.OUTPUT: lambda said, _: f"writes {said.node.text}",
    EventKind.TASK_START: lambda said, _: f"starts task {said.record.task}",
    EventKind.TASK_EXIT: lambda said, _: f"ends {said.node.text}",
    EventKind.CONTEXT_SWITCH: lambda said, _: f"switches to task {said.record.task}",
    EventKind.LIMIT: lambda said, _: f"reaches a limit: {said.node.text}",
    EventKind.RUN_END: lambda said, _: f"ends the run: {said.node.text}",
    EventKind.DEBUGGER_STOP: _stops,
    EventKind.KGDB_ENTER: lambda said, _: f"enters kgdb on CPU {said.record.cpu}",
    EventKind.KGDB_LEAVE: lambda said, _: f"leaves kgdb on CPU {said.record.cpu}",
    EventKind.NOT_FIRED: lambda said, names: (
        f"misses an access to {names.place(said.record.addr)} on CPU {said.record.cpu}"
    ),
    EventKind.LIVELOCK: lambda said, _: f"makes no progress: {said.node.text}",
    EventKind.INVARIANT: lambda said, _: f"breaks an invariant: {said.node.text}",
}
