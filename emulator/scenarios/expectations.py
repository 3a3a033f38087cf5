"""What must come of a version of a story, in words for people who are about to run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.events import Invariant, Outcome
from emulator.trace.names import errno_name, invariant_in_words

_OUTCOMES = {
    Outcome.completed.name: "it runs to its end",
    Outcome.livelock.name: "it never gets past one instruction: livelock",
    Outcome.restops.name: "the debugger stops in one place for ever",
}


def expectation_in_words(expect: Mapping[str, Any]) -> tuple[str, ...]:
    """Each fact of a version's ``expect`` as one short statement, in its order.

    Raises KeyError for a fact that has no words.
    """
    return tuple(_FACTS[name](value) for name, value in expect.items())


def _outcome(value: str) -> str:
    return _OUTCOMES.get(value, f"it ends as {value.replace('_', ' ')}")


def _hits(value: int) -> str:
    return f"{value or 'no'} hit{'' if value == 1 else 's'}"


def _stops(value: int) -> str:
    # The first stop of each story is its own: there breakpoints are set.
    if value == 1:
        return "the debugger stops to set breakpoints and never again"
    later = "once more" if value == 2 else f"{value - 1} times more"
    return f"the debugger stops to set breakpoints and {later}"


def _not_fired(value: int) -> str:
    if not value:
        return "no watched access passes unseen"
    return (
        f"{value} watched {'access passes' if value == 1 else 'accesses pass'} unseen"
    )


def _violations(names: list[str]) -> str:
    if not names:
        return "every invariant holds"
    return "; ".join(invariant_in_words(Invariant[name]) for name in names)


def _replies(values: list[str]) -> str:
    return f"the stub answers {', '.join(values)}"


def _actions(values: list[int]) -> str:
    said = ", ".join(errno_name(v) if v else "0" for v in values)
    return f"the script's action returns {said}"


def _peeks(values: list[str]) -> str:
    return f"the tracer reads DR6 as {', then '.join(values)}"


def _virtual_dr6(value: int) -> str:
    return f"virtual_dr6 is {value:#x} at the end"


_FACTS: Mapping[str, Callable[[Any], str]] = {
    "outcome": _outcome,
    "hits": _hits,
    "stops": _stops,
    "not_fired": _not_fired,
    "violations": _violations,
    "replies": _replies,
    "actions": _actions,
    "peeks": _peeks,
    "virtual_dr6": _virtual_dr6,
}
