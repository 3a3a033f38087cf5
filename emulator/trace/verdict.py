"""What one hit came to, in a sentence: read off its tree, never off a scenario's name.

Every statement has its evidence in the tree or in a snapshot; what is not known (no
snapshot after IRET) is said to be unknown rather than assumed to hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.events import EventFlag
from emulator.trace.record import Record
from emulator.trace.tree import Node, slot_types
from emulator.trace.words import dr7_differences


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


def _names(root: Node) -> list[str]:
    return [node.name for node in root.walk() if node.reached]


def _chain(root: Node) -> str:
    for node in root.walk():
        if node.name == "notify_die" and node.returned:
            text = node.returned.text
            if node.returned.style == "stop":
                stopper = next(
                    (
                        n.name
                        for n in node.walk()
                        if n.priority and n.returned and n.returned.style == "stop"
                    ),
                    "a callee",
                )
                return f"{stopper} answered {text} and ended the chain."
            return f"The die chain ran to its end and returned {text}."
    return ""


def _delivered(count: int, slots: int) -> Check:
    if count == slots:
        return Check("delivered once" if slots == 1 else f"delivered {count}×", True)
    return Check(f"delivered once ({count})", False)


def _registers(dr7: int | None, shadow: int | None) -> Check:
    if dr7 is None or shadow is None:
        return Check("DR7 = cpu_dr7 not recorded", None)
    bits = dr7_differences(dr7, shadow)
    return Check("DR7 = cpu_dr7" + (f" ({bits} bits)" if bits else ""), bits == 0)


def _title(root: Node, count: int, slots: int, checks: list[Check]) -> tuple[str, str]:
    if any(node.kind == "LIVELOCK" for node in root.walk()):
        return "fault", "No progress: the same #DB for ever"
    broken = next((n for n in root.walk() if n.kind == "INVARIANT"), None)
    if broken is not None:
        return "fault", broken.text[0].upper() + broken.text[1:]
    if count > slots:
        return "fault", f"Delivered {count} times"
    if count == 0:
        return "fault", "Delivered to nobody"
    if checks[0].holds is False:
        return "fault", "Delivered once, but DR7 and cpu_dr7 part"
    if checks[2].holds is False:
        return "caution", "Delivered once, and a SIGTRAP beside it"
    return (
        "ok",
        "Delivered once" if slots == 1 else f"Delivered {count} times, one per slot",
    )


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
    names = _names(root)
    slots = max((hit.aux & 15).bit_count(), 1)
    count = names.count("perf_bp_event")
    livelock = any(node.kind == "LIVELOCK" for node in root.walk())
    checks = [
        _registers(dr7, cpu_dr7),
        _delivered(count, slots),
        Check("no stray SIGTRAP", "SIGTRAP" not in names),
        Check("progress", not livelock),
    ]
    severity, title = _title(root, count, slots, checks)
    parts = [_what(hit, place, length, was), _chain(root)]
    if severity == "ok" and _returns_without_rf(root, hit):
        severity = "caution"
        title += ", and it will fire again"
        parts.append(
            "RF is clear in the return image: the same instruction faults again."
        )
    elif checks[0].holds:
        parts.append("Hardware and shadow agree after the return.")
    return Verdict(severity, title, " ".join(p for p in parts if p), checks)


def _returns_without_rf(root: Node, hit: Record) -> bool:
    if not hit.flags & EventFlag.FAULT_CLASS:
        return False
    return any(n.name == "iret" and n.text.startswith("RF 0") for n in root.walk())
