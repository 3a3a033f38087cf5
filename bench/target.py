"""``manage.py bench target``: speed of the machine, against Unicorn, ptrace and gdb."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from bench import native
from bench.loop import DATA, INSTRUCTIONS, STORE_END, run, unicorn_seconds, watch
from emulator.target.calibration import flags_state_offset, pending_exception_offset

_ROUNDS = 3
_SPEED_LOOPS = 4_000_000
_NEAR_LOOPS = 1_000_000
_HITS = 60_000
_PTRACE_HITS = 30_000
_GDB_HITS = 5_000
#: Holds at every 4096th hit.
_CONDITION = f"(value & 0xfff) == 0 || u32[{DATA:#x}] == 5"


def _best(measure: Callable[[], float]) -> float:
    """The least disturbed of some rounds."""
    return min(measure() for _ in range(_ROUNDS))


def _seconds(breakpoints: list[dict[str, object]], loops: int) -> float:
    return _best(lambda: run(loops, breakpoints)[0])


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Print the table in Markdown."""
    flags_state_offset()
    pending_exception_offset()
    _guest_speed()
    _hits()
    return 0


def _guest_speed() -> None:
    bare = _best(lambda: unicorn_seconds(_SPEED_LOOPS, counted=False))
    counted = _best(lambda: unicorn_seconds(_SPEED_LOOPS, counted=True))
    far = [DATA + 0x8000 + 64 * i for i in range(4)]
    rows = [
        ("Unicorn, bare", bare),
        ("Unicorn with the same instruction count", counted),
        ("the machine, nothing armed", _seconds([], _SPEED_LOOPS)),
        (
            "4 write breakpoints armed, not hit",
            _seconds([watch(a, "write", 8) for a in far], _SPEED_LOOPS),
        ),
        (
            "4 access breakpoints armed, not hit",
            _seconds([watch(a, "access", 8) for a in far], _SPEED_LOOPS),
        ),
        (
            "4 execute breakpoints armed, not hit",
            _seconds([watch(a, "execute", 1) for a in far], _SPEED_LOOPS),
        ),
    ]
    _say("| guest speed | M instructions/s | of counted | of bare |\n|---|---|---|---|")
    million = INSTRUCTIONS * _SPEED_LOOPS / 1e6
    for name, seconds in rows:
        _say(
            f"| {name} | {million / seconds:.1f} | {counted / seconds:.2f} "
            f"| {bare / seconds:.2f} |"
        )
    near = _seconds([watch(DATA + 0x10, "write", 8)], _NEAR_LOOPS)
    rate = INSTRUCTIONS * _NEAR_LOOPS / 1e6 / near
    counted_rate = million / counted
    _say(
        f"| near miss: a store 16 bytes before the watch, each loop | {rate:.1f} "
        f"| {rate / counted_rate:.2f} | {rate * bare / million:.2f} |"
    )


def _hits() -> None:
    rates = {
        "data hits, full tree and two snapshots": _rate(watch(DATA, "write", 8)),
        "execute hits, full tree and two snapshots": _rate(
            watch(STORE_END, "execute", 1)
        ),
        "data hits with a condition": _rate(
            watch(DATA, "write", 8) | {"condition": _CONDITION}
        ),
    }
    others = {
        "ptrace with registers and DR6 (C)": lambda: native.ptrace_hits_per_second(
            _PTRACE_HITS
        ),
        "gdb, silent continue": lambda: native.gdb_hits_per_second(_GDB_HITS),
    }
    measured: dict[str, float] = {}
    for name, measure in others.items():
        try:
            measured[name] = max(measure() for _ in range(2))
        except native.Unavailable as error:
            _say(f"\n{name}: not measured ({error})")
    _say(
        "\n| recorded hits | per second | against ptrace | against gdb |\n|---|---|---|---|"
    )
    ptrace, gdb = (measured.get(name) for name in others)
    for name, rate in {**rates, **measured}.items():
        _say(f"| {name} | {rate:,.0f} | {_ratio(rate, ptrace)} | {_ratio(rate, gdb)} |")
    start = time.perf_counter()
    run(1, [])
    _say(
        f"\nA machine from recipe to end: {(time.perf_counter() - start) * 1e3:.1f} ms"
    )


def _rate(breakpoint_: dict[str, object]) -> float:
    best = 0.0
    for _ in range(_ROUNDS):
        seconds, hits = run(_HITS, [breakpoint_])
        best = max(best, hits / seconds)
    return best


def _ratio(rate: float, other: float | None) -> str:
    return "-" if not other else f"{rate / other:.1f}x"
