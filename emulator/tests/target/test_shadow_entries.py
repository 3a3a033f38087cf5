"""Ways into the kernel right behind a mov ss that touched a watch, and under TF."""

from __future__ import annotations

import pytest

from emulator.target.debugreg import FLAG_TF
from emulator.target.traps import Vector
from emulator.tests.target.rig import Rig, Told, code

MOV_SS, NOP, SYSCALL = "8e13", "90", "0f05"
SS = b"\x2b\x00"
TF_ON = 0x302


def watched(*lines: str, **more: object) -> Rig:
    """mov ss,[rbx] with a watch on [rbx] first."""
    rig = Rig(code(MOV_SS, *lines), data=SS, **more)
    rig.access(rig.data, 2)
    return rig


def kinds(rig: Rig) -> list[tuple[str, int]]:
    """What was told, and where."""
    return [(told.what, told.at) for told in rig.run()]


def test_syscall_loses_the_data_trap() -> None:
    assert kinds(watched(SYSCALL, NOP))[:2] == [("syscall", 4), ("fault", 5)]


def test_the_kernel_does_not_see_our_tf() -> None:
    (told, *_) = watched(SYSCALL).run()

    assert not told.eflags & FLAG_TF


def test_int_1_is_refused() -> None:
    (told, *_) = watched("cd01").run()

    assert (told.what, told.vector, told.at) == ("fault", Vector.GP, 2)


def test_bytes_that_look_like_int_1_are_not_it() -> None:
    # mov ss,[rbx]; mov eax,0x01cd0000: the trap comes behind the second.
    assert kinds(watched("b80000cd01"))[0] == ("#DB", 7)


def test_sysenter_is_undefined() -> None:
    (told, *_) = watched("0f34").run()

    assert (told.what, told.vector, told.at) == ("fault", Vector.UD, 2)


def breakpoint_behind(react: bool) -> list[Told]:
    rig = watched(NOP, NOP)
    rig.execute(2, slot=1)
    if react:

        def touched(cpu: object, told: Told) -> None:
            cpu.touch()

        rig.react = touched
    return rig.run()


def test_an_execute_breakpoint_in_the_shadow_shows_no_tf_of_ours() -> None:
    (told, *_) = breakpoint_behind(react=False)

    assert (told.what, told.at, told.eflags & FLAG_TF) == ("#DB", 2, 0)


def test_who_changes_registers_there_does_not_inherit_our_tf() -> None:
    told = breakpoint_behind(react=True)

    assert [t.what for t in told] == ["#DB", "fault"]


@pytest.mark.parametrize("lines", [(SYSCALL, NOP), (NOP, SYSCALL, NOP)])
def test_syscall_masks_the_guests_tf(lines: tuple[str, ...]) -> None:
    rig = Rig(code(*lines), rflags=TF_ON)
    told = kinds(rig)
    at = 2 * (len(lines) - 1)

    behind = told.index(("syscall", at if len(lines) == 2 else 3))
    assert told[behind + 1] == ("#DB", told[behind][1] + 1)
