"""MOV DR executed by guest code (SDM vol. 3, 18.2.2 and 18.2.4; vol. 2, MOV)."""

from __future__ import annotations

from emulator.target.debugreg import DR6_BD, DR7_GD
from emulator.target.movdr import debug_move_sites
from emulator.target.traps import Vector
from emulator.tests.target.rig import KERNEL_CODE, Rig, code

MOV_DR0_RAX, MOV_RAX_DR0 = "0f23c0", "0f21c0"
MOV_DR7_RCX, MOV_RAX_DR7 = "0f23f9", "0f21f8"
MOV_RAX_DR6, MOV_RAX_DR4, MOV_DR4_RAX = "0f21f0", "0f21e0", "0f23e0"
MOV_R9_DR1, MOV_DR8_RAX = "410f21c9", "440f23c0"
STORE = "488903"  # mov [rbx], rax
NOP = "90"


def kernel_rig(*lines: str, **registers: int) -> Rig:
    rig = Rig(code(*lines), user=False, registers=registers)
    rig.cpu.emulated = frozenset(debug_move_sites(KERNEL_CODE, code(*lines)))
    return rig


def test_sites_include_the_rex_prefix() -> None:
    sites = debug_move_sites(0, bytes.fromhex(NOP + MOV_R9_DR1 + MOV_RAX_DR0))

    assert {1, 5} <= set(sites)


def test_guest_code_programs_the_unit() -> None:
    rig = kernel_rig(MOV_DR0_RAX, MOV_DR7_RCX, rax=0x1234, rcx=0xD0402)
    rig.run()

    assert (rig.unit.address[0], rig.unit.dr7) == (0x1234, 0xD0402)


def test_what_guest_code_arms_hits() -> None:
    data = Rig(code(NOP), user=False).data
    rig = kernel_rig(MOV_DR0_RAX, MOV_DR7_RCX, STORE, NOP, rax=data, rcx=0xD0402)

    assert (9, 1) in rig.traps()


def test_each_write_is_told_with_the_old_value() -> None:
    rig = kernel_rig(MOV_DR0_RAX, rax=0x1234)
    told = [t for t in rig.run() if t.what == "MOV DR"]

    assert [(t.bits, t.address) for t in told] == [(0, 0)]


def test_a_register_of_the_upper_half_is_read() -> None:
    rig = kernel_rig(MOV_R9_DR1)
    rig.unit.write(1, 0x77)
    rig.run()

    assert rig.register("r9") == 0x77


def test_dr4_is_dr6_without_cr4_de() -> None:
    rig = kernel_rig(MOV_RAX_DR4)
    rig.run()

    assert rig.register("rax") == 0xFFFF0FF0


def test_writing_dr4_writes_dr6_without_cr4_de() -> None:
    rig = kernel_rig(MOV_DR4_RAX, rax=0x4001)
    rig.run()

    assert rig.unit.dr6 == 0xFFFF4FF1


def test_debug_registers_from_eight_are_undefined() -> None:
    told = kernel_rig(MOV_DR8_RAX).run()

    assert (told[0].what, told[0].vector, told[0].at) == ("fault", Vector.UD, 0)


def test_high_bits_of_dr7_are_a_protection_fault() -> None:
    told = kernel_rig(MOV_DR7_RCX, rcx=1 << 32).run()

    assert (told[0].what, told[0].vector) == ("fault", Vector.GP)


def test_user_code_must_not_move_debug_registers() -> None:
    told = Rig(code(MOV_RAX_DR0)).run()

    assert (told[0].what, told[0].vector, told[0].at) == ("fault", Vector.GP, 0)


def test_general_detect_is_a_fault_at_the_move() -> None:
    """kvm debug_regs.c, G5: pc is that mov, DR6 == 0xffff2ff0."""
    rig = kernel_rig(NOP, MOV_RAX_DR0)
    rig.unit.write(7, DR7_GD)
    told = rig.run()[0]

    assert (told.what, told.at, told.fault, told.dr6) == ("#DB", 1, True, 0xFFFF2FF0)


def test_general_detect_is_cleared_by_its_delivery() -> None:
    rig = kernel_rig(MOV_RAX_DR7)
    rig.unit.write(7, DR7_GD)
    traps = rig.traps()

    assert (traps, rig.register("rax")) == ([(0, DR6_BD)], 0x400)
