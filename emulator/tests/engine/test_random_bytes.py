"""Bytes of any kind are a program: each run ends with a named outcome."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.events import Outcome
from emulator.tests.engine.runs import KERNEL_LOAD, LOAD, ran, watch


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.binary(min_size=1, max_size=40),
    st.booleans(),
    st.integers(0, 20),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from(["g-bare", "d4", "d1"]),
)
def test_no_program_breaks_the_machine(
    program: bytes, kernel: bool, offset: int, length: int, variant: str
) -> None:
    owner = {"owner": "perf_wide"} if kernel else {}
    place = hex((KERNEL_LOAD if kernel else LOAD) + offset)

    run = ran(
        program.hex(),
        kernel=kernel,
        breakpoints=[
            watch(place, "execute", 1, **owner),
            watch("data", "access", length, **owner),
        ],
        limits={"instructions": 2000, "events": 2000},
        variant={"base": variant},
    )

    assert run.result.outcome <= Outcome.deadlock
