"""DEBUGCTL.BTF turns TF into a step per taken branch (model: SDM vol. 3, 18.4.3)."""

from __future__ import annotations

from emulator.target.debugreg import DR6_BS
from emulator.tests.target.rig import Rig, Told, code

TF = 0x302
NOP = "90"
JUMP_ON = "eb01cc"  # jmp over an int3
ZERO, NOT_TAKEN = "31c0", "7501"  # xor eax,eax; jnz +1: ZF is set


def stepping(*lines: str) -> Rig:
    rig = Rig(code(*lines), rflags=TF)
    rig.unit.branch_step = True
    return rig


def steps(rig: Rig) -> list[int]:
    return [offset for offset, bits in rig.traps() if bits == DR6_BS]


def test_only_the_taken_branch_traps_at_its_target() -> None:
    rig = stepping(NOP, NOP, JUMP_ON, NOP)

    assert steps(rig)[0] == 5


def test_a_branch_that_is_not_taken_does_not_trap() -> None:
    rig = stepping(ZERO, NOT_TAKEN, NOP, JUMP_ON, NOP)

    assert steps(rig)[0] == 8


def test_the_processor_clears_btf_at_the_trap() -> None:
    rig = stepping(JUMP_ON, NOP, NOP)

    assert steps(rig) == [3, 4, 5]


def test_a_handler_that_sets_it_again_steps_from_branch_to_branch() -> None:
    rig = stepping(JUMP_ON, NOP, NOP, JUMP_ON, NOP)

    def again(_cpu: object, told: Told) -> None:
        rig.unit.branch_step = told.what == "#DB"

    rig.react = again

    assert steps(rig) == [3, 8]


def test_without_btf_every_instruction_steps() -> None:
    assert steps(Rig(code(NOP, NOP), rflags=TF)) == [1, 2]


def test_pause_is_stepped_like_any_other() -> None:
    assert steps(Rig(code(NOP, "f390", NOP), rflags=TF)) == [1, 3, 4]


def test_pause_first_is_stepped_too() -> None:
    assert steps(Rig(code(NOP, "f390", "f390", NOP), rflags=TF)) == [1, 3, 5, 6]
