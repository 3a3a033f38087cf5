"""Execute breakpoints, RF, single steps and what comes first."""

from __future__ import annotations

import pytest

from emulator.target.cpu import Cpu
from emulator.tests.target.rig import CODE, DATA, Rig, Told, code

BS, RF, TF = 1 << 14, 1 << 16, 1 << 8
NOPS = code(
    "90",  # nop
    "90",  # nop
    "90",  # nop
    "90",  # nop
)
STEPPED = 0x202 | TF


def no_rf(cpu: Cpu, _told: Told) -> None:
    """A handler that does not set RF."""
    cpu.image_rf = False


def test_an_execute_breakpoint_is_a_fault_at_its_instruction() -> None:
    rig = Rig(NOPS)
    rig.execute(2)

    (hit, _end) = rig.run()

    assert (hit.at, hit.retired, hit.fault) == (2, 2, True)


def test_the_first_instruction_can_hit() -> None:
    rig = Rig(NOPS)
    rig.execute(0)

    assert rig.traps() == [(0, 1)]


def test_the_middle_of_an_instruction_does_not_hit() -> None:
    rig = Rig(
        code(
            "b905000000",  # mov ecx,5
            "90",  # nop
        )
    )
    rig.execute(2)

    assert rig.traps() == []


def test_with_rf_the_instruction_runs_once() -> None:
    rig = Rig(
        code(
            "ffc0",  # inc eax
            "ffc0",  # inc eax
            "90",  # nop
        )
    )
    rig.execute(2)

    assert rig.run()[-1].rax == 2


def test_without_rf_the_same_fault_comes_again() -> None:
    rig = Rig(NOPS, most=20)
    rig.execute(2)
    rig.react = no_rf

    told = rig.run()

    assert {(t.at, t.retired) for t in told} == {(2, 2)}
    assert len(told) == 20


def test_two_breakpoints_at_one_place_are_one_fault() -> None:
    rig = Rig(NOPS)
    rig.execute(1)
    rig.execute(1, slot=3)

    assert rig.traps() == [(1, 0b1001)]


def test_a_data_trap_comes_before_the_breakpoint_behind_it() -> None:
    rig = Rig(
        code(
            "890b",  # mov [rbx],ecx
            "90",  # nop
        )
    )
    rig.write(DATA, 4)
    rig.execute(2, slot=1)

    assert rig.traps() == [(2, 0b01), (2, 0b10)]


def test_a_breakpoint_comes_before_the_data_trap_of_its_instruction() -> None:
    rig = Rig(
        code(
            "90",  # nop
            "890b",  # mov [rbx],ecx
            "90",  # nop
        )
    )
    rig.write(DATA, 4)
    rig.execute(1, slot=1)

    assert rig.traps() == [(1, 0b10), (3, 0b01)]


def test_a_rep_is_one_execute_hit() -> None:
    rig = Rig(
        code(
            "4889df",  # mov rdi,rbx
            "b909000000",  # mov ecx,9
            "f3aa",  # rep stosb
            "90",  # nop
        )
    )
    rig.execute(8)

    assert rig.traps() == [(8, 1)]


def test_a_rep_that_also_hits_data_is_one_execute_hit() -> None:
    rig = Rig(
        code(
            "4889df",  # mov rdi,rbx
            "b909000000",  # mov ecx,9
            "f3aa",  # rep stosb
            "90",  # nop
        )
    )
    rig.execute(8)
    rig.write(DATA + 4, 2, slot=1)

    assert rig.traps() == [(8, 0b01), (8, 0b10), (8, 0b10)]


def test_each_pass_of_a_loop_hits() -> None:
    rig = Rig(
        code(
            "b905000000",  # mov ecx,5
            "90",  # l: nop
            "e2fd",  # loop l
        )
    )
    rig.execute(5)

    assert rig.traps() == [(5, 1)] * 5


def test_a_jump_to_itself_hits_each_time() -> None:
    rig = Rig(
        code(
            "90",  # nop
            "ebfe",  # l: jmp l
        ),
        most=30,
    )
    rig.execute(1)

    assert rig.traps() == [(1, 1)] * 30


def test_a_breakpoint_where_nothing_is_mapped_comes_before_the_fault() -> None:
    rig = Rig(
        code(
            "b800000100",  # mov eax,0x10000
            "ffe0",  # jmp rax
        )
    )
    rig.unit.write(0, 0x10000)
    rig.unit.write(7, 2)

    assert [(t.what, t.rip) for t in rig.run()] == [
        ("#DB", 0x10000),
        ("fault", 0x10000),
    ]


def test_a_breakpoint_comes_before_the_fault_of_its_instruction() -> None:
    rig = Rig(code())
    rig.execute(0)

    assert [t.what for t in rig.run()] == ["#DB", "fault"]


def test_the_image_of_a_fault_has_rf() -> None:
    fault = Rig(code()).run()[0]

    assert fault.eflags & RF


def test_more_breakpoints_than_kept_hooks_still_hit() -> None:
    rig = Rig(b"\x90" * 64 + code())
    rig.execute(0)
    rig.react = lambda _cpu, told: rig.execute(told.at + 1)

    assert len(rig.traps()) == 65  # the UD2 included


def test_a_breakpoint_put_elsewhere_no_longer_hits() -> None:
    rig = Rig(
        code(
            "b903000000",  # mov ecx,3
            "90",  # l: nop
            "90",  # nop
            "e2fc",  # loop l
        )
    )
    rig.execute(5)
    rig.react = lambda _cpu, _told: rig.execute(6)

    assert rig.traps() == [(5, 1), (6, 1), (6, 1), (6, 1)]


def test_single_steps_trap_behind_each_instruction() -> None:
    rig = Rig(NOPS, rflags=STEPPED)

    assert rig.traps() == [(1, BS), (2, BS), (3, BS), (4, BS)]


def test_a_step_and_a_data_hit_are_one_trap() -> None:
    rig = Rig(
        code(
            "890b",  # mov [rbx],ecx
            "90",  # nop
        ),
        rflags=STEPPED,
    )
    rig.write(DATA, 4)

    assert rig.traps() == [(2, BS | 1), (3, BS)]


def test_stepping_onto_a_breakpoint_is_two_traps() -> None:
    rig = Rig(NOPS, rflags=STEPPED)
    rig.execute(2)

    assert rig.traps() == [(1, BS), (2, BS), (2, 1), (3, BS), (4, BS)]


def test_a_rep_is_stepped_by_iterations() -> None:
    rig = Rig(
        code(
            "f3aa",  # rep stosb
            "90",  # nop
        ),
        rflags=STEPPED,
        registers={"rdi": DATA, "rcx": 3},
    )

    assert [bits for _, bits in rig.traps()][:3] == [BS] * 3


def test_popf_that_sets_tf_traps_after_the_next_instruction() -> None:
    rig = Rig(
        code(
            "6802030000",  # push 0x302
            "9d",  # popf
            "90",  # nop
            "90",  # nop
        )
    )

    assert rig.traps()[0] == (7, BS)


def test_tf_of_a_taken_back_instruction_stays_out_of_pushf() -> None:
    rig = Rig(
        code(
            "9c",  # pushf
            "58",  # pop rax
            "90",  # nop
        )
    )
    rig.access(rig.stack + 0x1800 - 8, 8)

    assert not rig.run()[-1].rax & TF


def test_tf_of_a_taken_back_instruction_stays_out_of_the_trap() -> None:
    rig = Rig(
        code(
            "890b",  # mov [rbx],ecx
            "90",  # nop
        )
    )
    rig.write(DATA, 4)

    assert not any(t.eflags & TF for t in rig.run())


def test_icebp_is_a_debug_exception_without_a_cause() -> None:
    rig = Rig(
        code(
            "f1",  # .byte 0xf1
            "90",  # nop
        )
    )

    assert rig.traps() == [(1, 0)]


def test_int3_traps_behind_itself() -> None:
    rig = Rig(
        code(
            "cc",  # int3
            "90",  # nop
        )
    )

    assert [(t.what, t.at) for t in rig.run()] == [("#BP", 1), ("fault", 2)]


def test_mov_ss_delays_the_data_trap_by_one_instruction() -> None:
    rig = Rig(
        code(
            "668cd0",  # mov ax,ss
            "668903",  # mov [rbx],ax
            "8e13",  # mov ss,[rbx]
            "90",  # nop
            "90",  # nop
        )
    )
    rig.access(DATA, 2)
    rig.unit.write(7, 0x402 | 3 << 16 | 1 << 18)

    assert [at for at, _ in rig.traps()] == [6, 9]


@pytest.mark.parametrize("quantum", [1, 7, 1000])
def test_cutting_into_slices_changes_nothing(quantum: int) -> None:
    program = code(
        "b914000000",  # mov ecx,20
        "010b",  # l: add [rbx],ecx
        "51",  # push rcx
        "5a",  # pop rdx
        "f3aa",  # rep stosb
        "89d1",  # mov ecx,edx
        "e2f6",  # loop l
    )
    told = []
    for count in (1_000_000, quantum):
        rig = Rig(program, registers={"rdi": DATA + 0x100})
        rig.write(DATA, 4)
        rig.write(DATA + 0x110, 2, slot=1)
        rig.execute(7, slot=2)
        while rig.cpu.retired < 5_000 and not any(t.what == "fault" for t in rig.told):
            rig.run(count)
        told.append(rig.told)

    assert told[0] == told[1]


def test_the_listener_can_move_rip() -> None:
    rig = Rig(
        code(
            "90",  # nop
            "ffc0",  # inc eax
            "90",  # nop
        )
    )
    rig.execute(1)

    def skip(cpu: Cpu, told: Told) -> None:
        if told.what == "#DB":
            cpu.regs.values[16] = CODE + 3
            cpu.touch()

    rig.react = skip

    assert rig.run()[-1].rax == 0
