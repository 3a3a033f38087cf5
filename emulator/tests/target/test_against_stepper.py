"""The fast way against a slow, obviously correct one: every hit of random programs.

The judge lets the same machine run the program under the guest's own TF with nothing
armed, computes each instruction's accesses from the registers before it, and knows from
the manual what four comparators make of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from emulator.target import raw
from emulator.target.debugreg import ReadWrite
from emulator.tests.target.programs import Access, Registers, Step, loop, programs
from emulator.tests.target.rig import CODE, DATA, STACK, STACK_TOP_OFFSET, UD2, Rig

#: In the middle of the data's first two pages, so that accesses cross them.
BASE = DATA + 0x1000 - 40
TOP = STACK + STACK_TOP_OFFSET
_HIDDEN = 0x10100  # RF and TF
_TF = 0x100


@dataclass(frozen=True)
class Armed:
    """One slot."""

    address: int
    length: int
    kind: ReadWrite


@dataclass(frozen=True)
class Hit:
    """What both ways must agree on."""

    rip: int
    bits: int
    fault: bool
    registers: tuple[int, ...]


_near = st.one_of(st.integers(BASE - 4, BASE + 88), st.integers(TOP - 16, TOP))
_data = st.builds(
    Armed,
    _near,
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from([ReadWrite.WRITE, ReadWrite.ACCESS]),
)
_code = st.builds(
    Armed, st.integers(CODE, CODE + 40), st.just(1), st.just(ReadWrite.EXECUTE)
)
slots = st.lists(st.one_of(_data, _data, _code), min_size=1, max_size=4)


def machine(program: list[Step], rflags: int) -> Rig:
    """Both ways start alike."""
    return Rig(
        b"".join(step.code for step in program) + UD2,
        registers={
            "rbx": BASE,
            "rcx": 3,
            "rsi": BASE + 5,
            "rdi": BASE + 24,
            "rax": 0x1234,
        },
        rflags=rflags,
        data=bytes(i * 7 & 0xFF for i in range(0x2000)),
        most=400,
    )


def seen(program: list[Step], armed: list[Armed]) -> list[Hit]:
    """The fast way."""
    rig = machine(program, 0x202)
    for slot, watch in enumerate(armed):
        rig.arm(slot, watch.address, watch.kind, watch.length)
    hits = [t for t in rig.run() if t.what == "#DB"]
    return [Hit(t.rip, t.bits, t.fault, visible(t.registers)) for t in hits]


def visible(registers: tuple[int, ...]) -> tuple[int, ...]:
    """General registers and flags without RF and TF."""
    general = list(registers[: len(raw.GENERAL)])
    general[raw.EFLAGS] &= ~_HIDDEN
    return tuple(general)


def expected(program: list[Step], armed: list[Armed]) -> list[Hit]:
    """The slow way."""
    states = trace(program)
    steps = places(program)
    hits: list[Hit] = []
    last_execute = -1
    for before, after in zip([None, *states], [*states, None], strict=True):
        if before is None or after is None:
            here = after or before
        else:
            step = steps[before[raw.RIP]]
            found = matches(armed, step.accesses(named(before)))
            if found:
                hits.append(Hit(after[raw.RIP], found, False, after))
            here = after
        assert here is not None
        if after is None:
            continue
        bits = executes(armed, here[raw.RIP])
        again = before is not None and before[raw.RIP] == here[raw.RIP] == last_execute
        if bits and not again:  # RF stays set through a rep
            hits.append(Hit(here[raw.RIP], bits, True, here))
        last_execute = here[raw.RIP] if bits else -1
    return hits


def trace(program: list[Step]) -> list[tuple[int, ...]]:
    """All states of an undisturbed run under TF, the first and the last included."""
    rig = machine(program, 0x202 | _TF)
    rig.cpu.regs.load()
    first = visible(tuple(rig.cpu.regs.values))
    return [first] + [visible(t.registers) for t in rig.run() if t.what == "#DB"]


def places(program: list[Step]) -> dict[int, Step]:
    """The step at each address."""
    at, found = CODE, {}
    for step in program:
        found[at] = step
        at += len(step.code)
    return found


def named(registers: tuple[int, ...]) -> Registers:
    """By lower-case name."""
    return dict(zip(raw.NAMES, registers, strict=False))


def matches(armed: list[Armed], accesses: list[Access]) -> int:
    """B bits of the data slots that these accesses touch."""
    bits = 0
    for slot, watch in enumerate(armed):
        start = watch.address // watch.length * watch.length
        watched = set(range(start, start + watch.length))
        for write, address, size in accesses:
            touched = watched & set(range(address, address + size))
            wanted = watch.kind is ReadWrite.ACCESS or write
            if touched and wanted and watch.kind is not ReadWrite.EXECUTE:
                bits |= 1 << slot
    return bits


def executes(armed: list[Armed], rip: int) -> int:
    """B bits of the execute slots at rip."""
    return sum(
        1 << slot
        for slot, watch in enumerate(armed)
        if watch.kind is ReadWrite.EXECUTE and watch.address == rip
    )


@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(programs, slots)
def test_every_hit_of_a_random_program_is_seen(
    program: list[Step], armed: list[Armed]
) -> None:
    note("; ".join(step.text for step in program))

    assert seen(program, armed) == expected(program, armed)


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(programs, slots, st.integers(2, 5))
def test_every_pass_of_a_loop_is_seen(
    program: list[Step], armed: list[Armed], times: int
) -> None:
    # From the second pass on touching instructions have hooked successors.
    looped = loop(program, times)
    note("; ".join(step.text for step in looped))

    assert seen(looped, armed) == expected(looped, armed)
