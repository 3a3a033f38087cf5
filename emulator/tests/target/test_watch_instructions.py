"""Data breakpoints and the instructions that access memory in ways of their own."""

from __future__ import annotations

import pytest

from emulator.tests.target.rig import DATA, STACK, STACK_TOP_OFFSET, Rig, code

TOP = STACK + STACK_TOP_OFFSET


def test_push_call_and_ret_touch_the_stack() -> None:
    rig = Rig(
        code(
            "51",  # push rcx
            "5a",  # pop rdx
            "e802000000",  # call f
            "eb01",  # jmp out
            "c3",  # f: ret
            "90",  # out: nop
        )
    )
    rig.access(TOP - 8, 8)

    assert [at for at, _ in rig.traps()] == [1, 2, 9, 7]


def test_a_stack_on_the_watched_page_runs_on() -> None:
    rig = Rig(
        code(
            "b932000000",  # mov ecx,50
            "51",  # l: push rcx
            "e805000000",  # call f
            "5a",  # pop rdx
            "e2f7",  # loop l
            "eb01",  # jmp out
            "c3",  # f: ret
            "90",  # out: nop
        )
    )
    rig.write(TOP - 16, 8)

    assert len(rig.traps()) == 50


@pytest.mark.parametrize("half", [0, 8])
def test_cmpxchg16b_hits_on_either_half(half: int) -> None:
    rig = Rig(
        code(
            "f0480fc74b10",  # lock cmpxchg16b [rbx+0x10]
            "90",  # nop
        ),
        registers={"rcx": 7},
    )

    rig.write(DATA + 0x10 + half, 1)

    assert rig.traps() == [(6, 1)]


@pytest.mark.parametrize("half", [0, 8])
def test_cmpxchg16b_that_hit_exchanges_once(half: int) -> None:
    rig = Rig(
        code(
            "f0480fc74b10",  # lock cmpxchg16b [rbx+0x10]
            "90",  # nop
        ),
        registers={"rcx": 7},
    )
    rig.write(DATA + 0x10 + half, 1)

    end = rig.run()[-1]

    assert (rig.value(0x10), rig.value(0x18), bool(end.eflags & 0x40)) == (
        DATA,
        7,
        True,
    )


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(
            code(
                "0fc70b",  # cmpxchg8b [rbx]
                "90",  # nop
            ),
            id="cmpxchg8b",
        ),
        pytest.param(
            code(
                "480fc70b",  # cmpxchg16b [rbx]
                "90",  # nop
            ),
            id="cmpxchg16b",
        ),
    ],
)
def test_an_exchange_that_was_read_first_exchanges_once(program: bytes) -> None:
    rig = Rig(program, registers={"rcx": 7})
    rig.access(DATA, 8)

    assert rig.run()[-1].eflags & 0x40


def test_a_string_move_over_its_own_source_is_done_once() -> None:
    program = code(
        "48a5",  # movsq
        "90",  # nop
    )
    rig = Rig(program, registers={"rsi": DATA, "rdi": DATA + 4}, data=bytes(range(16)))
    rig.access(DATA, 8)

    rig.run()

    assert rig.space.read(DATA, 12) == bytes([0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7])


def test_a_failed_cmpxchg_hits_a_write_watch() -> None:
    rig = Rig(
        code(
            "b801000000",  # mov eax,1
            "0fb10b",  # cmpxchg [rbx],ecx
            "90",  # nop
        )
    )

    rig.write(DATA, 4)

    assert rig.traps() == [(8, 1)]


def test_an_instruction_that_faults_after_touching_does_not_trap() -> None:
    # pop reads the watched stack, then its store faults.
    rig = Rig(
        code(
            "31c0",  # xor eax,eax
            "8f00",  # pop [rax]
            "90",  # nop
        )
    )
    rig.access(TOP, 8)

    assert [t.what for t in rig.run()] == ["fault"]


def test_memory_is_put_back_when_a_string_move_faults() -> None:
    rig = Rig(
        code(
            "48a5",  # movsq
            "90",  # nop
        ),
        registers={"rsi": DATA, "rdi": 0x1000},
    )
    rig.access(DATA, 8)

    told = rig.run()

    assert [(t.what, t.rsi) for t in told] == [("fault", DATA)]


def test_lea_and_prefetch_touch_nothing() -> None:
    rig = Rig(
        code(
            "488d0b",  # lea rcx,[rbx]
            "0f180b",  # prefetcht0 [rbx]
            "90",  # nop
        )
    )

    rig.access(DATA, 8)

    assert rig.traps() == []
