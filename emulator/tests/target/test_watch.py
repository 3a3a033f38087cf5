"""Data breakpoints: which accesses hit, and where the trap is."""

from __future__ import annotations

import pytest

from emulator.target.debugreg import ReadWrite
from emulator.target.paging import EXECUTE, READ, WRITE
from emulator.tests.target.rig import CODE, DATA, STACK, Rig, code

FIXED = 0xFFFF0FF0

STORE = code(
    "48894b08",  # mov [rbx+8],rcx
    "90",  # nop
)
LOAD = code(
    "488b4b08",  # mov rcx,[rbx+8]
    "90",  # nop
)
INCREMENT = code(
    "ff4308",  # inc dword ptr [rbx+8]
    "90",  # nop
)
CROSSING = code(
    "48898bfc0f0000",  # mov [rbx+0xffc],rcx
    "90",  # nop
)
REP_STORE = code(
    "4889df",  # mov rdi,rbx
    "b90a000000",  # mov ecx,10
    "f3aa",  # rep stosb
    "90",  # nop
)
LOOP = code(
    "b905000000",  # mov ecx,5
    "48894b08",  # l: mov [rbx+8],rcx
    "e2fa",  # loop l
)


@pytest.mark.parametrize("length", [1, 2, 4, 8])
@pytest.mark.parametrize("user", [True, False], ids=["cpl3", "cpl0"])
def test_a_store_traps_behind_its_instruction(length: int, user: bool) -> None:
    rig = Rig(STORE, user=user)

    rig.write(rig.data + 8, length)

    assert rig.traps() == [(4, 1)]


@pytest.mark.parametrize("slot", range(4))
def test_dr6_names_the_slot(slot: int) -> None:
    rig = Rig(STORE)
    rig.write(DATA + 8, 4, slot=slot)

    trap = rig.run()[0]

    assert (trap.dr6, trap.fault) == (FIXED | 1 << slot, False)


def test_all_four_slots_share_one_trap() -> None:
    rig = Rig(STORE)
    for slot in range(4):
        rig.write(DATA + 8 + slot, 1, slot=slot)

    assert rig.traps() == [(4, 0b1111)]


def test_a_disabled_slot_shows_its_bit_when_another_hits() -> None:
    rig = Rig(STORE)
    rig.write(DATA + 8, 1, slot=0)
    rig.unit.write(1, DATA + 9)
    rig.unit.write(7, rig.unit.dr7 | ReadWrite.WRITE << 20)

    assert rig.traps() == [(4, 0b11)]


def test_a_load_does_not_hit_a_write_watch() -> None:
    rig = Rig(LOAD)
    rig.write(DATA + 8, 8)

    assert rig.traps() == []


def test_a_load_hits_an_access_watch() -> None:
    rig = Rig(LOAD)
    rig.access(DATA + 8, 8)

    assert rig.traps() == [(4, 1)]


def test_a_read_modify_write_is_one_trap() -> None:
    rig = Rig(INCREMENT)
    rig.access(DATA + 8, 4)
    rig.write(DATA + 8, 4, slot=1)

    assert rig.traps() == [(3, 0b11)]


def test_a_read_modify_write_is_done_once() -> None:
    rig = Rig(INCREMENT)
    rig.access(DATA + 8, 4)

    rig.run()

    assert rig.value(8, 4) == 1


def test_the_value_stands_in_memory_at_the_trap() -> None:
    rig = Rig(STORE, registers={"rcx": 0x1122334455667788})
    rig.write(DATA + 8, 1)
    values = []
    rig.react = lambda _cpu, _told: values.append(rig.value(8))

    rig.run()

    assert values[0] == 0x1122334455667788


@pytest.mark.parametrize(
    "watched",
    [
        pytest.param(0xFFC, id="first-page"),
        pytest.param(0xFFF, id="last-byte-of-first-page"),
        pytest.param(0x1000, id="second-page"),
        pytest.param(0x1003, id="last-byte"),
    ],
)
def test_an_access_across_pages_hits_on_either(watched: int) -> None:
    rig = Rig(CROSSING)

    rig.write(DATA + watched, 1)

    assert rig.traps() == [(7, 1)]


@pytest.mark.parametrize("watched", [0xFFB, 0x1004])
def test_an_access_across_pages_misses_its_neighbours(watched: int) -> None:
    rig = Rig(CROSSING)

    rig.write(DATA + watched, 1)

    assert rig.traps() == []


def test_a_store_across_pages_that_hit_is_whole() -> None:
    rig = Rig(CROSSING, registers={"rcx": 0x1122334455667788})
    rig.write(DATA + 0x1000, 1)

    rig.run()

    assert rig.value(0xFFC) == 0x1122334455667788


def test_pages_may_lie_apart_in_physical_memory() -> None:
    rig = Rig(CROSSING, registers={"rcx": 0x1122334455667788})
    # The second page becomes an alias of the stack's first.
    rig.space.share(DATA + 0x1000, 0x1000, STACK, READ | WRITE)
    rig.write(DATA + 0x1000, 1)

    assert (rig.traps(), rig.value(0xFFC)) == ([(7, 1)], 0x1122334455667788)


def test_a_rep_traps_after_the_iteration_that_touched() -> None:
    rig = Rig(REP_STORE)
    rig.write(DATA + 4, 1)

    trap = rig.run()[0]

    assert (trap.at, trap.rcx, trap.rdi) == (8, 5, DATA + 5)


def test_a_rep_traps_for_each_iteration_that_touches() -> None:
    rig = Rig(REP_STORE)

    rig.write(DATA + 4, 4)

    assert rig.traps() == [(8, 1)] * 4


def test_the_last_iteration_of_a_rep_traps_at_its_end_or_there() -> None:
    rig = Rig(REP_STORE)
    rig.write(DATA + 9, 1)

    trap = rig.run()[0]

    assert (trap.rcx, trap.at in (8, 10)) == (0, True)


def test_a_rep_without_count_touches_nothing() -> None:
    rig = Rig(
        code(
            "4889df",  # mov rdi,rbx
            "31c9",  # xor ecx,ecx
            "f3aa",  # rep stosb
        )
    )

    rig.access(DATA, 1)

    assert rig.traps() == []


def test_flags_survive_near_misses_of_a_rep() -> None:
    program = code(
        "f75b20",  # neg dword ptr [rbx+0x20]
        "f3aa",  # rep stosb
        "0f924340",  # setc [rbx+0x40]
    )
    rig = Rig(program, registers={"rdi": DATA, "rcx": 3}, data=b"\x01" * 0x40)

    rig.write(DATA + 8, 1)
    rig.run()

    assert rig.value(0x40, 1) == 1


@pytest.mark.parametrize("watched", [8, 0x30], ids=["hit", "near-miss"])
@pytest.mark.parametrize(("left", "carry"), [(1, 1), (3, 0)])
def test_flags_survive_taking_an_instruction_back(
    watched: int, left: int, carry: int
) -> None:
    program = code(
        "4883f802",  # cmp rax,2
        "48894b08",  # mov [rbx+8],rcx
        "ba00000000",  # mov edx,0
        "7302",  # jnc out
        "ffc2",  # inc edx
        "90",  # out: nop
    )
    rig = Rig(program, registers={"rax": left})
    rig.write(DATA + watched, 1)

    end = rig.run()[-1]

    assert end.rdx == carry


def test_each_pass_of_a_loop_hits() -> None:
    rig = Rig(LOOP)
    rig.write(DATA + 8, 8)

    hits = [t for t in rig.run() if t.what == "#DB"]

    assert [(t.at, t.rcx) for t in hits] == [(9, n) for n in (5, 4, 3, 2, 1)]


def test_each_pass_of_a_loop_hits_at_its_own_time() -> None:
    rig = Rig(LOOP)
    rig.write(DATA + 8, 8)

    hits = [t for t in rig.run() if t.what == "#DB"]

    assert [t.retired for t in hits] == [2, 4, 6, 8, 10]


def test_a_trap_costs_no_instruction() -> None:
    plain, watched = Rig(LOOP), Rig(LOOP)
    watched.write(DATA + 8, 8)

    plain.run()
    watched.run()

    assert plain.cpu.retired == watched.cpu.retired


def test_the_listener_can_disarm() -> None:
    rig = Rig(LOOP)
    rig.write(DATA + 8, 8)
    rig.react = lambda _cpu, _told: rig.unit.write(7, 0)

    assert len(rig.traps()) == 1


def test_the_listener_can_move_a_watch() -> None:
    rig = Rig(
        code(
            "890b",  # mov [rbx],ecx
            "898b04100000",  # mov [rbx+0x1004],ecx
            "890b",  # mov [rbx],ecx
            "90",  # nop
        )
    )
    rig.write(DATA, 4)
    rig.react = lambda _cpu, _told: rig.write(DATA + 0x1004, 4)

    assert rig.traps() == [(2, 1), (8, 1)]


def test_ten_thousand_rearmings_leave_a_working_unit() -> None:
    rig = Rig(LOOP)
    for number in range(10_000):
        rig.write(DATA + number % 16, 1, slot=number % 4)
    rig.unit.write(7, 0)
    rig.write(DATA + 8, 1)

    assert len(rig.traps()) == 5


def test_a_watch_on_memory_mapped_later_hits() -> None:
    program = code(
        "b901000000",  # mov ecx,1
        "0f05",  # syscall
        "898800000005",  # mov [rax+0x5000000],ecx
    )
    rig = Rig(program)
    rig.write(0x5000000, 4)
    rig.react = lambda _cpu, told: (
        rig.space.map(0x5000000, 0x1000, READ | WRITE)
        if told.what == "syscall"
        else None
    )

    assert rig.traps() == [(13, 1)]


def test_a_watched_page_that_is_unmapped_faults_without_a_hit() -> None:
    rig = Rig(
        code(
            "0f05",  # syscall
            "890b",  # mov [rbx],ecx
        )
    )
    rig.write(DATA, 4)
    rig.react = lambda _cpu, told: (
        rig.space.unmap(DATA, 0x1000) if told.what == "syscall" else None
    )

    assert [t.what for t in rig.run()] == ["syscall", "fault"]


def test_a_watched_page_that_is_read_only_faults_without_a_hit() -> None:
    rig = Rig(
        code(
            "890b",  # mov [rbx],ecx
        )
    )
    rig.space.protect(DATA, 0x1000, READ)
    rig.write(DATA, 4)

    assert [(t.what, t.vector) for t in rig.run()] == [("fault", 14)]


def test_a_watch_on_code_sees_stores_but_not_fetches() -> None:
    rig = Rig(
        code(
            "c6050000000090",  # mov byte ptr [rip+0],0x90
            "90",  # nop
            "90",  # nop
        )
    )
    rig.access(CODE, 8)

    assert rig.traps() == [(7, 1)]


def test_a_program_that_changes_its_own_code_runs_the_new_code() -> None:
    # The loop's body becomes `dec eax` after its first pass.
    program = code(
        "b902000000",  # mov ecx,2
        "488d1500000000",  # lea rdx,[rip+l]
        "ffc0",  # l: inc eax
        "c64201c8",  # mov byte ptr [rdx+1],0xc8
        "e2f8",  # loop l
    )
    rig = Rig(program)
    rig.space.protect(CODE, 0x1000, READ | WRITE | EXECUTE)

    end = rig.run()[-1]

    assert end.rax == 0
