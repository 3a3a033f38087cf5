"""``manage.py bench compare``: what it costs to compare two recorded runs."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

from bench.loop import DATA, run, watch
from emulator.trace.compare.comparison import Comparison, compare
from emulator.trace.compare.detail import detail
from emulator.trace.compare.outline import outline
from emulator.trace.compare.recording import Keeper, Recording

#: Events of one hit of the loop on the two variants, so that the sizes are round.
_EVENTS_PER_HIT = {"g-bare": 10, "d4": 14}
_SIZES = (100_000, 1_000_000)


def main() -> int:
    """Print the table in Markdown."""
    _say("| events | what | seconds | M events/s |\n|---|---|---|---|")
    for size in _SIZES:
        count = size // _EVENTS_PER_HIT["d4"]
        _measure("equal, read and paired", count, "d4", "d4")
        _measure("every hit differs", count, "d4", "g-bare")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    _say(f"\nMemory at most: {peak} MB, both traces compressed in memory included")
    return 0


def _measure(what: str, count: int, left: str, right: str) -> None:
    one, other = _record(count, left), _record(count, right)
    events = one.events + other.events
    start = time.perf_counter()
    found = compare(outline(one), outline(other))
    _row(events, what, time.perf_counter() - start)
    if not found.equal:
        _row(events, "the rows of one difference", _seconds(_last(found)))


def _record(count: int, variant: str) -> Recording:
    keeper = Keeper()
    run(count, [watch(DATA, "write", 8)], variant=variant, sink=keeper)
    return keeper.recording()


def _last(found: Comparison) -> Callable[[], object]:
    return lambda: detail(found, int(found.differences[-1]))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _row(events: int, what: str, seconds: float) -> None:
    _say(f"| {events:,} | {what} | {seconds:.3f} | {events / seconds / 1e6:.2f} |")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
