"""What selftests/kvm debug_regs.c and kvm-unit-tests x86/debug.c check, at CPL0.

The programs are ours; cases, offsets and DR6 values are the suites'.
"""

from __future__ import annotations

import pytest

from emulator.target.cpu import Cpu
from emulator.target.debugreg import ReadWrite
from emulator.target.movdr import debug_move_sites
from emulator.tests.target.rig import KERNEL_CODE, KERNEL_DATA, Rig, Told, code

FIXED = 0xFFFF0FF0
B1, B2, BD, BS = 1 << 1, 1 << 2, 1 << 13, 1 << 14
PLAIN, STEPPING = 0x202, 0x302
GD = 0x2000


def clear_dr6(cpu: Cpu, told: Told) -> None:
    """As the suites' handlers do."""
    if told.what == "#DB":
        cpu.unit.write(6, 0)


def kernel(program: bytes) -> Rig:
    """At CPL0; rax holds flags without TF, rcx with it, edx the stack's selector."""
    rig = Rig(
        program,
        user=False,
        registers={"rax": PLAIN, "rcx": STEPPING, "rdx": 0x18},
    )
    rig.cpu.emulated = frozenset(debug_move_sites(KERNEL_CODE, program))
    rig.react = clear_dr6
    return rig


def seen(rig: Rig) -> list[tuple[int, int]]:
    """(offset of RIP, DR6) of each #DB."""
    return [(t.at, t.dr6) for t in rig.run() if t.what == "#DB"]


def stepped(program: bytes, start: int) -> list[tuple[int, int]]:
    """The same, counted from start and with DR6 without its fixed ones."""
    return [(at - start, dr6 & ~FIXED) for at, dr6 in seen(kernel(program))]


def test_kvm_int3() -> None:
    told = kernel(
        code(
            "90",  # nop
            "cc",  # int3
            "90",  # nop
        )
    ).run()

    assert (told[0].what, told[0].at - 1) == ("#BP", 1)


@pytest.mark.parametrize("slot", range(4))
def test_kvm_hardware_breakpoint(slot: int) -> None:
    rig = kernel(
        code(
            "90",  # nop
            "90",  # nop
            "90",  # nop
        )
    )
    rig.unit.write(slot, KERNEL_CODE + 1)
    rig.unit.write(7, 0x400 | 2 << 2 * slot)

    assert seen(rig) == [(1, FIXED | 1 << slot)]


@pytest.mark.parametrize("slot", range(4))
def test_kvm_watchpoint(slot: int) -> None:
    rig = kernel(
        code(
            "90",  # nop
            "48898300010000",  # mov [rbx+0x100],rax
            "90",  # nop
        )
    )
    rig.unit.write(slot, KERNEL_DATA + 0x100)
    rig.unit.write(7, 0x400 | 2 << 2 * slot | 0xD0000 << 4 * slot)

    assert seen(rig) == [(8, FIXED | 1 << slot)]


def test_kvm_single_step() -> None:
    program = code(
        "51",  # push rcx
        "9d",  # popf
        "90",  # nop
        "fb",  # sti
        "31c0",  # xor eax,eax
        "0fa2",  # cpuid
        "b9800000c0",  # mov ecx,0xc0000080
        "0f32",  # rdmsr
        "fa",  # cli
    )

    assert seen(kernel(program))[:7] == [
        (at, FIXED | BS) for at in (3, 4, 6, 8, 13, 15, 16)
    ]


def test_kvm_general_detect() -> None:
    rig = kernel(
        code(
            "90",  # nop
            "0f21c0",  # mov rax,dr0
            "90",  # nop
        )
    )
    rig.unit.write(7, 0x400 | GD)

    assert seen(rig) == [(1, FIXED | BD)]


def test_debug_int3_is_reported_behind() -> None:
    assert (
        kernel(
            code(
                "cc",  # int3
                "90",  # nop
            )
        )
        .run()[0]
        .at
        == 1
    )


def test_debug_hardware_breakpoint() -> None:
    rig = kernel(
        code(
            "90",  # nop
            "90",  # nop
        )
    )
    rig.execute(1, slot=2)

    assert seen(rig) == [(1, FIXED | B2)]


def test_debug_hardware_breakpoint_keeps_bs_and_clears_b1() -> None:
    rig = kernel(
        code(
            "90",  # nop
            "90",  # nop
        )
    )
    rig.execute(1, slot=2)
    rig.unit.write(6, BS | B1)

    assert seen(rig) == [(1, FIXED | BS | B2)]


def test_debug_watchpoint_keeps_bs() -> None:
    rig = kernel(
        code(
            "8903",  # mov [rbx],eax
            "90",  # nop
        )
    )
    rig.arm(1, KERNEL_DATA, ReadWrite.WRITE, 4)
    rig.unit.write(6, BS)

    assert seen(rig) == [(2, FIXED | BS | B1)]


def test_debug_single_step_basic() -> None:
    program = code(
        "51",  # push rcx
        "9d",  # popf
        "90",  # nop
        "50",  # push rax
        "9d",  # popf
        "90",  # nop
    )

    assert stepped(program, 3) == [(0, BS), (1, BS), (2, BS)]


def test_debug_single_step_emulated_instructions() -> None:
    program = code(
        "51",  # push rcx
        "9d",  # popf
        "90",  # nop
        "53",  # push rbx
        "4831c0",  # xor rax,rax
        "0fa2",  # cpuid
        "b802020000",  # mov eax,0x202
        "50",  # push rax
        "9d",  # popf
        "90",  # nop
    )

    assert stepped(program, 3) == [(at, BS) for at in (0, 1, 4, 6, 11, 12, 13)]


def test_debug_single_step_with_sti_blocking() -> None:
    program = code(
        "fa",  # cli
        "51",  # push rcx
        "9d",  # popf
        "fb",  # sti
        "4825fffeffff",  # and rax,0xfffffffffffffeff
        "50",  # push rax
        "9d",  # popf
        "90",  # nop
    )

    assert stepped(program, 4) == [(at, BS) for at in (0, 6, 7, 8)]


def test_debug_single_step_with_movss_blocking() -> None:
    program = code(
        "51",  # push rcx
        "9d",  # popf
        "8ed2",  # mov ss,edx
        "90",  # nop
        "50",  # push rax
        "9d",  # popf
        "90",  # nop
    )

    assert stepped(program, 5) == [(0, BS), (1, BS), (2, BS)]


def test_debug_single_step_with_movss_blocking_and_icebp() -> None:
    program = code(
        "51",  # push rcx
        "9d",  # popf
        "8ed2",  # mov ss,edx
        "f1",  # .byte 0xf1
        "f1",  # .byte 0xf1
        "4825fffeffff",  # and rax,0xfffffffffffffeff
        "50",  # push rax
        "9d",  # popf
        "90",  # nop
    )

    assert stepped(program, 5) == [(0, 0), (1, 0), (7, BS), (8, BS), (9, BS)]


def test_debug_single_step_with_movss_blocking_and_general_detect() -> None:
    program = code(
        "51",  # push rcx
        "9d",  # popf
        "8ed2",  # mov ss,edx
        "0f23f6",  # mov dr6,rsi
        "4825fffeffff",  # and rax,0xfffffffffffffeff
        "50",  # push rax
        "9d",  # popf
        "90",  # nop
    )
    rig = kernel(program)
    rig.unit.write(7, 0x400 | GD)

    found = [(at - 4, dr6 & ~FIXED) for at, dr6 in seen(rig)]

    assert found == [(0, BD), (3, BS), (9, BS), (10, BS), (11, BS)]


def test_debug_general_detect_is_cleared_by_its_delivery() -> None:
    rig = kernel(
        code(
            "0f21c0",  # mov rax,dr0
            "90",  # nop
        )
    )
    rig.unit.write(7, 0x400 | GD)
    rig.run()

    assert not rig.unit.dr7 & GD
