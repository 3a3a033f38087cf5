"""Hits told from memory or by the dozen make the trace of the plain way, to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.engine import RunResult, run
from emulator.events import RECORD
from emulator.repeats import Repeats
from emulator.tests.engine.runs import EXIT, KERNEL_LOAD, LOAD, flat, watch
from emulator.wire import Batch

#: One instruction each; rbx points to the data, ecx counts, rsi and rdi may be moved.
_BODY = [
    "ff03",  # inc dword [rbx]
    "48ff4308",  # inc qword [rbx+8]
    "8b03",  # mov eax, [rbx]
    "668903",  # mov [rbx], ax
    "0003",  # add [rbx], al
    "8703",  # xchg eax, [rbx]
    "f0ff4304",  # lock inc dword [rbx+4]
    "0fb1530c",  # cmpxchg [rbx+12], edx
    "890c8b",  # mov [rbx+4*rcx], ecx
    "90",
    "ffc2",  # inc edx
    "9c9d",  # pushf; popf
    "a5",  # movsd
    "0f31",  # rdtsc
]
_VARIANTS = ["a", "b-real", "b-zero", "c", "d1", "d3-36", "d4", "f", "g-bare", "h-bare"]


@dataclass(frozen=True)
class Case:
    """A loop, what watches it, and how it is cut into slices."""

    body: tuple[str, ...]
    turns: int
    kernel: bool
    watches: tuple[tuple[int, str, int, int], ...]
    """Offset, type, length, period."""
    executes: int | None
    variant: str
    quantum: int
    cpus: int
    events: int
    flushes: int = 0


def _aligned(offset: int, length: int) -> int:
    return offset // length * length


_watches = st.tuples(
    st.integers(0, 15),
    st.sampled_from(["write", "access"]),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from([1, 1, 1, 3]),
).map(lambda w: (_aligned(w[0], w[2]), *w[1:]))
_cases = st.builds(
    Case,
    body=st.lists(
        st.sampled_from([*_BODY, *_BODY[:6] * 2]), min_size=1, max_size=5
    ).map(tuple),
    turns=st.integers(3, 120),
    kernel=st.booleans(),
    watches=st.lists(_watches, max_size=3).map(tuple),
    executes=st.one_of(st.none(), st.integers(0, 3)),
    variant=st.sampled_from(_VARIANTS),
    quantum=st.sampled_from([17, 100, 1000, 100_000]),
    cpus=st.sampled_from([1, 1, 2]),
    events=st.sampled_from([20_000, 20_000, 777]),
    flushes=st.sampled_from([0, 1, 2, 3, 7, 40]),
)


def _program(case: Case) -> tuple[str, int]:
    """The bytes, and the address of the loop's first instruction."""
    load = KERNEL_LOAD if case.kernel else LOAD
    data = load + 0x1000
    start = "48c7c3" if case.kernel else "bb"
    low = (data & 0xFFFF_FFFF).to_bytes(4, "little").hex()
    moves = "4889de" + "488dbb80000000"  # mov rsi, rbx; lea rdi, [rbx+128]
    head = start + low + moves + "b9" + case.turns.to_bytes(4, "little").hex()
    body = "".join(case.body)
    back = -(len(body) // 2 + 4)
    loop = body + "ffc9" + "75" + (back & 0xFF).to_bytes(1, "little").hex()
    end = "f4" if case.kernel else EXIT
    return head + loop + end, load + len(head) // 2


class _Seen:
    """Takes batches without a gap, and asks for one at odd moments, as time does."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._asked = 0
        self._next = 1

    @property
    def pending(self) -> bool:
        """At each so many-th look."""
        self._asked += 1
        return bool(self._every) and self._asked % self._every == 0

    def checkpoint(self, flush: Callable[[], None]) -> None:
        """Whoever waited gets what there is."""
        flush()

    def take(self, batch: Batch) -> None:
        """As whoever stores it demands."""
        seqs = [seq for (seq, *_rest) in RECORD.iter_unpack(batch.records)]
        assert seqs == list(range(self._next, self._next + len(seqs)))
        self._next += len(seqs)


def _told(case: Case, *, remembers: bool) -> RunResult:
    seen = _Seen(case.flushes if remembers else 0)
    program, loop = _program(case)
    owner: dict[str, Any] = {"owner": "perf_wide"} if case.kernel else {}
    load = KERNEL_LOAD if case.kernel else LOAD
    breakpoints = [
        watch(hex(load + 0x1000 + offset), kind, length, period=period, **owner)
        for offset, kind, length, period in case.watches
    ]
    if case.executes is not None:
        breakpoints.append(watch(hex(loop + case.executes), "execute", 1, **owner))
    recipe, images = flat(
        program,
        kernel=case.kernel,
        breakpoints=breakpoints,
        variant={"base": case.variant},
        quantum=case.quantum,
        cpus=case.cpus,
        tasks=case.cpus,
        limits={"events": case.events},
    )
    return run(recipe, images, seen.take, seen, remembers=remembers)


@settings(max_examples=250, deadline=None, derandomize=True, database=None)
@given(_cases)
def test_the_digest_is_that_of_the_plain_way(case: Case) -> None:
    assert _told(case, remembers=True).digest == _told(case, remembers=False).digest


def test_the_fast_lane_is_taken(monkeypatch: Any) -> None:
    # A property that never meets the code it is about would hold for nothing.
    made = []
    original = Repeats.__init__

    def count(self: Repeats, *arguments: Any) -> None:
        made.append(self)
        original(self, *arguments)

    monkeypatch.setattr(Repeats, "__init__", count)
    case = Case(("ff03",), 100, True, ((0, "write", 4, 1),), None, "g", 1000, 1, 20_000)

    assert _told(case, remembers=True).hits == 100
    assert made
