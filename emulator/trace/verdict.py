"""What one hit came to, in a sentence: read off its tree, never off a scenario's name.

Every statement has its evidence in the tree or in a snapshot; what is not known (no
snapshot after IRET) is said to be unknown rather than assumed to hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emulator.events import Callee, ConditionResult, EventFlag, Invariant
from emulator.trace.event_words import slot_types
from emulator.trace.node import Node
from emulator.trace.record import Record
from emulator.trace.words import dr7_differences

_KGDB_EVENT, _PTRACE_EVENT = 0x100, 0x1000
#: Calls that begin the story of another CPU.
_NMI = (Callee.exc_nmi.name, Callee.do_nmi.name)
#: Events that end a run which goes nowhere.
_STUCK = {
    "LIVELOCK": "the same #DB for ever",
    "RESTOPS": "the debugger stops in one place for ever",
}
#: Results of a condition for hits that are reported.
_WANTED = {ConditionResult.wanted, ConditionResult.last}
_TIMES = {1: "once", 2: "twice"}


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant of the hit; holds is None when it cannot be known."""

    text: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """severity is ``fault``, ``caution`` or ``ok``."""

    severity: str
    title: str
    sentence: str
    checks: list[Check]


class _Story:
    """What the tree of a hit says, asked once."""

    def __init__(self, root: Node, hit: Record) -> None:
        self._root = root
        own = list(_own(root))
        self.hit = hit
        self.counted = [n for n in own if n.name == Callee.perf_bp_event.name]
        self.entries = [n for n in own if n.kind == "KGDB_ENTER"]
        self.stops = [n for n in own if n.kind == "DEBUGGER_STOP"]
        self.sigtraps = [n for n in own if n.name == "SIGTRAP"]
        self.broken = {n.number for n in own if n.kind == "INVARIANT"}
        self.stuck = next((n for n in own if n.kind in _STUCK), None)
        self.wishes = [n for n in own if n.kind == "CONDITION"]
        self.chain = next((n for n in own if n.name == Callee.notify_die.name), None)
        self.iret = next((n for n in reversed(own) if n.name == "iret"), None)
        self.dr7_writers = [
            n.writer for n in own if n.effects and n.effects[0].name == "HW7"
        ]

    def counts(self, low: int, high: int) -> int:
        """How often perf counted an event whose index is in this range."""
        return sum(1 for n in self.counted if low <= n.number < high)

    @property
    def not_reached(self) -> list[str]:
        """Callees that the chain did not come to."""
        return [n.name for n in self._root.walk() if not n.reached]

    @property
    def without_rf(self) -> bool:
        """An execute breakpoint will fault again at once."""
        fault = self.hit.flags & EventFlag.FAULT_CLASS
        return bool(fault and self.iret and self.iret.text.startswith("RF 0"))


def _own(node: Node) -> Iterator[Node]:
    """The nodes of the CPU that hit: NMIs of others left out."""
    yield node
    for child in node.children:
        if child.reached and child.name not in _NMI:
            yield from _own(child)


def judge(
    root: Node,
    hit: Record,
    *,
    place: str,
    length: int | None = None,
    was: int | None = None,
    dr7: int | None = None,
    cpu_dr7: int | None = None,
) -> Verdict:
    """The verdict on a hit from its tree and the registers after IRET.

    ``place`` names the watched address, ``was`` is what it held before, where known.
    """
    story = _Story(root, hit)
    checks = _checks(story, dr7, cpu_dr7)
    severity, title = _title(story, checks)
    parts = [
        _what(hit, place, length, was),
        _deliveries(story),
        _wishes(story),
        _registers_told(story),
    ]
    if severity == "ok" and story.without_rf:
        severity = "caution"
        title += ", and it will fire again"
    if story.without_rf:
        parts.append(
            "RF is clear in the return image: the same instruction faults again."
        )
    return Verdict(severity, title, " ".join(p for p in parts if p), checks)


# What happened.


def _article(noun: str) -> str:
    return f"An {noun}" if noun[0] in "aeiou8" else f"A {noun}"


def _what(hit: Record, place: str, length: int | None, was: int | None) -> str:
    kind = slot_types(hit.flags)
    if hit.flags & EventFlag.EXECUTE:
        return f"The instruction at {place} was about to execute."
    size = f"{length}-byte " if length else ""
    if kind == "read":
        return f"{_article(f'{size}read')} of {place}: it holds {hit.value:#x}."
    access = "write to" if kind == "write" else "access to"
    value = f"it holds {hit.value:#x}"
    if was is not None:
        same = was == hit.value
        value += ", as before" if same else f", before it was {was:#x}"
    return f"{_article(f'{size}{access}')} {place}: {value}."


def _times(count: int) -> str:
    return _TIMES.get(count, f"{count} times")


def _deliveries(story: _Story) -> str:
    """Who was told, in order: perf, the debugger, the task; then how the chain ended."""
    told = []
    if story.counted:
        told.append("perf counted it" + _more(len(story.counted)))
    if story.stops:
        told.append("kgdb stopped" + _more(len(story.stops)))
    elif story.entries:
        told.append("kgdb let it pass")
    if story.sigtraps:
        told.append("the task got SIGTRAP" + _more(len(story.sigtraps)))
    said = ", then ".join(told) if told else "nobody was told"
    if not said.startswith("kgdb"):  # a name keeps its small letter
        said = said[0].upper() + said[1:]
    return f"{said}; {_chain_end(story)}."


def _wishes(story: _Story) -> str:
    """Whether anybody wanted to hear of it, where not every hit is wanted."""
    results = {n.number for n in story.wishes}
    if not results or _WANTED & results:
        return ""
    if ConditionResult.ignored in results:
        return "It was one of those to be ignored."
    known = any(n.returned is None for n in story.wishes)
    why = "does not hold" if known else "has no value here"
    return f"Its condition {why}: nobody wanted to hear of it."


def _more(count: int) -> str:
    return "" if count == 1 else f" {_times(count)}"


def _chain_end(story: _Story) -> str:
    chain = story.chain
    if chain is None or chain.returned is None:
        return "the die chain was not called"
    if chain.returned.style != "stop":
        return f"the die chain ran to its end and returned NOTIFY_{chain.returned.text}"
    stopper = next(
        (
            n.name
            for n in chain.children
            if n.priority and n.returned and n.returned.style == "stop"
        ),
        "a callee",
    )
    said = f"{stopper} returned NOTIFY_{chain.returned.text}"
    if Callee.kgdb_notify.name in story.not_reached and not story.stops:
        said += " and kgdb was never asked"
    return said


def _registers_told(story: _Story) -> str:
    """Who wrote DR7 last before the return, when anybody did."""
    if not story.dr7_writers:
        return ""
    writer = story.dr7_writers[-1]
    if Invariant.dr7_equals_cpu_dr7 in story.broken:
        return f"DR7 was put back to an old value by {writer} before IRET."
    if Invariant.owner_is_armed in story.broken:
        return f"DR7 was last written by {writer}, which armed less than is believed."
    return f"DR7 was restored by {writer} before IRET."


# What should have happened.


def _checks(story: _Story, dr7: int | None, cpu_dr7: int | None) -> list[Check]:
    lost = Invariant.delivered_once in story.broken
    return [
        _registers(dr7, cpu_dr7, story),
        Check("delivered once" if not lost else "not delivered once", not lost),
        Check("no stray SIGTRAP", Invariant.no_stray_sigtrap not in story.broken),
        Check("no foreign stop", Invariant.no_foreign_stop not in story.broken),
        Check("progress", story.stuck is None),
    ]


def _registers(dr7: int | None, shadow: int | None, story: _Story) -> Check:
    if dr7 is None or shadow is None:
        return Check("DR7 = cpu_dr7 not recorded", None)
    bits = dr7_differences(dr7, shadow)
    parts = Invariant.dr7_equals_cpu_dr7 in story.broken
    return Check(
        "DR7 = cpu_dr7" + (f" ({bits} bits)" if bits else ""), not (bits or parts)
    )


def _title(story: _Story, checks: list[Check]) -> tuple[str, str]:
    broken = story.broken
    if story.stuck is not None:
        return "fault", f"No progress: {_STUCK[story.stuck.kind]}"
    if Invariant.no_foreign_stop in broken:
        return "fault", "The debugger stopped for somebody else's breakpoint"
    if Invariant.delivered_once in broken:
        return "fault", _misdelivered(story)
    if Invariant.no_stray_sigtrap in broken:
        return "fault", "SIGTRAP for a task that nobody traces"
    if Invariant.armed_has_owner in broken:
        return "fault", "Delivered, but a slot stays armed that nobody owns"
    if checks[0].holds is False or Invariant.owner_is_armed in broken:
        return "fault", "Delivered once, but DR7 and cpu_dr7 part"
    if not (story.counted or story.stops or story.sigtraps):
        return "fault", "Delivered to nobody"
    slots = max((story.hit.aux & 15).bit_count(), 1)
    counted = len(story.counted)
    if slots > 1 and counted == slots:
        return "ok", f"Delivered {counted} times, one per slot"
    return "ok", "Delivered once"


def _misdelivered(story: _Story) -> str:
    stops = len(story.stops)
    if stops > 1:
        return f"Delivered {_times(stops)}: the debugger stopped {_times(stops)}"
    if not stops and story.counts(_KGDB_EVENT, _PTRACE_EVENT):
        return "Lost: perf counted it and the debugger never heard of it"
    if not stops and not story.counted:
        return "Lost: delivered to nobody"
    return "Not delivered exactly once to its owner"
