"""The words of the matrix (decisions D14) as statements."""

from __future__ import annotations

_WHOLE = {
    "lost": "nobody is told of it",
    "livelock": "the CPU raises the same #DB for ever",
    "restops": "the debugger stops in one place for ever",
    "ok": "it is as it should be",
    "stale": "the hardware has something else armed than is wanted",
    "yes": "yes",
    "no": "no",
    "na": "the question does not arise",
}


def word_in_words(word: str) -> str:
    """What one word of a cell says."""
    kind, _, number = word.partition(":")
    if kind == "stops":
        return f"the debugger stops {_times(int(number))}"
    if kind == "extra":
        return f"{number} extra stop{'' if number == '1' else 's'}"
    if kind == "count":
        return f"perf has counted {number}"
    return _WHOLE.get(word, f"the stub answers {word}")


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
