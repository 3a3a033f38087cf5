"""How runs end, and that nothing about the surroundings shows in the digest."""

from __future__ import annotations

import pytest

from emulator.engine import run
from emulator.events import Callee, EventKind, Limit, Outcome
from emulator.tests.engine.runs import ENDLESS, EXIT, flat, ran, watch
from emulator.wire import Batch

ENOSPC = 28
#: movl $5, data; jmp back
STORES = "c704250010400005000000ebf3"
#: mov eax,1; mov edi,1; mov esi,0x401000; mov edx,100; syscall; jmp back
WRITES = "b801000000bf01000000be00104000ba640000000f05ebe8"
PAUSE = "b8220000000f05"


class Flushing:
    """A control that wants everything handed over at every boundary."""

    pending = True

    def checkpoint(self, flush) -> None:
        """Never waits."""
        flush()


def digest(program: str, control: object = None, **changes: object) -> str | None:
    """Of one run."""
    recipe, images = flat(program, **changes)
    return run(recipe, images, lambda _batch: None, control).digest


def test_the_limit_of_instructions_is_exact() -> None:
    result = ran(ENDLESS, limits={"instructions": 12_345}).result

    assert (result.outcome, result.retired) == (Outcome.limit_reached, 12_345)


def test_the_limit_of_instructions_is_exact_on_two_cpus() -> None:
    changes = {"tasks": 2, "cpus": 2, "limits": {"instructions": 12_345}}

    assert ran(ENDLESS, **changes).result.retired == 12_345


@pytest.mark.parametrize(
    ("program", "limit"),
    [
        pytest.param(ENDLESS, Limit.instructions, id="instructions"),
        pytest.param(STORES, Limit.events, id="events"),
        pytest.param(WRITES, Limit.output, id="output"),
    ],
)
def test_a_limit_is_an_outcome_with_a_name(program: str, limit: Limit) -> None:
    breakpoints = [watch()] if limit is Limit.events else []

    run = ran(program, breakpoints=breakpoints, limits={"events": 5000, "output": 1000})

    (event,) = run.of(EventKind.LIMIT)
    assert (run.result.outcome, event["aux"]) == (Outcome.limit_reached, limit)
    assert limit.name in run.result.detail


def test_the_limit_of_events_is_kept_to_the_end_of_a_tree() -> None:
    result = ran(STORES, breakpoints=[watch()], limits={"events": 1000}).result

    assert 1000 <= result.events < 1100


def test_the_limit_of_output_cuts_the_text() -> None:
    assert len(ran(WRITES, limits={"output": 250}).output(1)) == 250


def test_a_task_that_waits_for_ever_is_a_deadlock() -> None:
    result = ran(PAUSE).result

    assert (result.outcome, "task0" in result.detail) == (Outcome.deadlock, True)


def test_one_waiting_task_does_not_stop_another() -> None:
    result = ran(PAUSE, tasks=2).result

    assert [end.exit for end in result.tasks] == [None, None]


@pytest.mark.parametrize(
    ("program", "signal"),
    [
        pytest.param("31c0ffe0", 11, id="jump-to-0"),
        pytest.param("31e450", 11, id="stack-at-0"),
        pytest.param("cc", 5, id="int3"),
        pytest.param("0f0b", 4, id="ud2"),
        pytest.param("31c9f7f1", 8, id="divide-by-0"),
        pytest.param("cd80", 11, id="int-80"),
        pytest.param("cdff", 11, id="int-255"),
        pytest.param("f4", 11, id="hlt"),
        pytest.param("48b80000000000000080ffe0", 11, id="jump-out-of-canonical"),
        pytest.param("b80b000000bf00004000be002000000f05", 11, id="unmaps-itself"),
        pytest.param("50ebfd", 11, id="stack-runs-out"),
        pytest.param("68020300009d9090", 5, id="sets-tf"),
        pytest.param("f1", 5, id="icebp"),
        pytest.param("00" * 8, 11, id="zeroes"),
    ],
)
@pytest.mark.parametrize("watched", [False, True], ids=["bare", "watched"])
def test_a_program_that_goes_wrong_is_killed_by_a_signal(
    program: str, signal: int, watched: bool
) -> None:
    result = ran(program, breakpoints=[watch()] if watched else []).result

    assert (result.outcome, result.tasks[0].exit) == (Outcome.guest_fault, signal)


def test_a_system_call_of_a_kernel_thread_ends_it() -> None:
    result = ran(EXIT, kernel=True).result

    assert (result.outcome, result.tasks[0].exit) == (Outcome.guest_fault, 4)


def test_hlt_of_a_kernel_thread_completes() -> None:
    assert ran("f4", kernel=True).result.outcome is Outcome.completed


def test_an_unknown_system_call_is_an_event_and_goes_on() -> None:
    run = ran("b8ffffff0f0f05" + EXIT)

    assert run.of(EventKind.SYSCALL)[0]["ret"] == -38
    assert run.result.outcome is Outcome.completed


def test_the_fifth_breakpoint_is_refused_and_the_run_goes_on() -> None:
    run = ran(EXIT, breakpoints=[watch(f"data+{8 * i:#x}") for i in range(5)])

    registered = run.of(EventKind.BREAKPOINT_REGISTERED)
    assert [event["ret"] for event in registered] == [0, 0, 0, 0, -ENOSPC]
    assert run.result.outcome is Outcome.completed


def test_the_refusal_has_its_reservation_as_cause() -> None:
    run = ran(EXIT, breakpoints=[watch(f"data+{8 * i:#x}") for i in range(5)])

    (refused,) = [e for e in run.of(EventKind.SLOT_RESERVED) if e["ret"]]
    (call,) = [e for e in run.events if e["seq"] == refused["cause"]]
    assert call["aux"] == Callee.register_user_hw_breakpoint


@pytest.mark.parametrize("program", [STORES, WRITES, ENDLESS, PAUSE, "cc"])
def test_five_runs_have_one_digest(program: str) -> None:
    digests = {digest(program, breakpoints=[watch()]) for _ in range(5)}

    assert len(digests) == 1
    assert None not in digests


@pytest.mark.parametrize("program", [STORES, WRITES])
def test_handing_over_at_every_event_changes_no_digest(program: str) -> None:
    changes = {"breakpoints": [watch()], "limits": {"instructions": 20_000}}

    assert digest(program, Flushing(), **changes) == digest(program, **changes)


def test_batches_follow_each_other_without_gaps() -> None:
    batches: list[Batch] = []
    recipe, images = flat(STORES, breakpoints=[watch()])
    result = run(recipe, images, batches.append)

    expected = 1
    for batch in batches:
        assert batch.first_seq == expected
        expected += len(batch.records) // 64
    assert expected == result.events + 1


def test_no_batch_has_more_than_4096_records() -> None:
    batches: list[Batch] = []
    recipe, images = flat(STORES, breakpoints=[watch()])
    run(recipe, images, batches.append)

    assert max(len(batch.records) // 64 for batch in batches) <= 4096


@pytest.mark.parametrize("quantum", [1, 7, 1000, 100_000])
def test_the_quantum_of_a_lone_task_changes_nothing_it_shows(quantum: int) -> None:
    limits = {"instructions": 3000}
    run = ran(STORES, breakpoints=[watch()], quantum=quantum, limits=limits)
    usual = ran(STORES, breakpoints=[watch()], limits=limits)

    assert (run.events, run.result.digest) == (usual.events, usual.result.digest)


def test_a_huge_rep_ends_at_the_limit() -> None:
    # rep lodsb over data with rcx = 2^63: the source wraps only in a kernel's dreams.
    program = "be0010400048b90000000000000080f3ac"

    assert ran(program).result.outcome is Outcome.guest_fault


def test_a_rep_through_a_watch_hits_each_byte() -> None:
    # mov edi,data; mov ecx,64; rep stosb; exit
    program = "bf00104000b940000000f3aa" + EXIT

    assert len(ran(program, breakpoints=[watch(length=8)]).hits()) == 8


def test_without_rf_an_execute_breakpoint_is_a_livelock() -> None:
    breakpoints = [watch("0x400000", "execute", 1)]

    result = ran(EXIT, breakpoints=breakpoints, variant={"base": "d1"}).result

    assert (result.outcome, result.hits) == (Outcome.livelock, 8)
