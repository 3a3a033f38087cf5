"""What a whole run came to, in a sentence: from its outcome and from the events that say
something is wrong, never off a scenario's name.
"""

from __future__ import annotations

from collections.abc import Collection

from emulator.events import Invariant, Outcome
from emulator.trace.names import invariant_in_words
from emulator.trace.verdict import Check, Verdict

_PROMISES = {
    Invariant.dr7_equals_cpu_dr7: "DR7 = cpu_dr7",
    Invariant.delivered_once: "delivered once",
    Invariant.no_stray_sigtrap: "no stray SIGTRAP",
    Invariant.progress: "progress",
    Invariant.no_foreign_stop: "no foreign stop",
    Invariant.armed_has_owner: "armed slots have owners",
    Invariant.owner_is_armed: "owners are armed",
    Invariant.slots_conserved: "slots are given back",
}
_STUCK = {
    Outcome.livelock.name: "No progress: the same #DB for ever",
    Outcome.restops.name: "No progress: the debugger stops in one place for ever",
}
_SAID = {
    Outcome.guest_fault.name: "A task took an exception that nobody handles",
    Outcome.limit_reached.name: "A limit of the recipe ended it",
    Outcome.deadlock.name: "Nothing can run any more",
}


def judge_run(
    outcome: str, broken: Collection[int], missed: int, *, hits: int
) -> Verdict:
    """The verdict on a run. outcome: its name, empty while it goes on; broken: numbers
    of invariants that did not hold, in order; missed: accesses that the kernel believed
    to be watched and that raised no #DB."""
    severity, title = _title(outcome, list(broken), missed)
    return Verdict(severity, title, _sentence(outcome, missed, hits), _checks(broken))


def _title(outcome: str, broken: list[int], missed: int) -> tuple[str, str]:
    if outcome in _STUCK:
        return "fault", _STUCK[outcome]
    if missed:
        return "fault", f"{_accesses(missed)} passed unseen"
    if Invariant.delivered_once in broken:
        return "fault", "A hit did not reach its owner exactly once"
    if broken:
        words = invariant_in_words(broken[0])
        return "fault", words[0].upper() + words[1:]
    if not outcome:
        return "unknown", "Still running: not known yet"
    if outcome == Outcome.completed.name:
        return "ok", "Every invariant holds"
    return "caution", _SAID.get(outcome, f"Ended early: {outcome.replace('_', ' ')}")


def _accesses(count: int) -> str:
    return f"{count} watched access{'' if count == 1 else 'es'}"


def _sentence(outcome: str, missed: int, hits: int) -> str:
    so_far = "" if outcome else " so far"
    fired = f"{hits} hit{'' if hits == 1 else 's'}{so_far}"
    parts = [f"In the whole run {fired if hits else f'no breakpoint fired{so_far}'}."]
    if missed:
        parts.append(
            f"{_accesses(missed)} raised no #DB: the kernel believes the breakpoint to "
            "be armed, the hardware has it off."
        )
    return " ".join(parts)


def _checks(broken: Collection[int]) -> list[Check]:
    checks = [
        Check(_PROMISES[Invariant(number)], False)
        for number in broken
        if number in _PROMISES
    ]
    if not checks:
        return []
    return [*checks, Check(f"{len(_PROMISES) - len(checks)} others hold", True)]
