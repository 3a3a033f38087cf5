"""I/O breakpoints (SDM vol. 3, 18.2.4) and two linear addresses of one frame."""

from __future__ import annotations

import pytest
from unicorn import x86_const as x86

from emulator.target.debugreg import ReadWrite
from emulator.target.paging import READ, WRITE
from emulator.target.traps import Vector
from emulator.tests.target.rig import DATA, Rig, code

OUT_AL, IN_AL, NOP = "e680", "e480", "90"  # port 0x80
STORE, STORE_R8 = "488903", "498900"  # mov [rbx], rax; mov [r8], rax
ALIAS = 0x6A0000


def port_rig(*lines: str, de: bool = True) -> Rig:
    rig = Rig(code(*lines), user=False)
    if de:
        engine = rig.cpu.engine
        cr4 = engine.read_register(x86.UC_X86_REG_CR4)
        engine.write_register(x86.UC_X86_REG_CR4, cr4 | 1 << 3)
    return rig


def test_out_to_a_watched_port_traps_behind_it() -> None:
    rig = port_rig(NOP, OUT_AL, NOP)
    rig.arm(2, 0x80, ReadWrite.IO)

    assert rig.traps() == [(3, 4)]


def test_in_from_a_watched_port_traps_behind_it() -> None:
    rig = port_rig(IN_AL, NOP)
    rig.arm(0, 0x80, ReadWrite.IO)

    assert rig.traps() == [(2, 1)]


def test_another_port_is_silent() -> None:
    rig = port_rig(OUT_AL, NOP)
    rig.arm(0, 0x84, ReadWrite.IO, 4)

    assert rig.traps() == []


def test_without_cr4_de_ports_are_not_watched() -> None:
    rig = port_rig(OUT_AL, NOP, de=False)
    rig.arm(0, 0x80, ReadWrite.IO)

    assert rig.traps() == []


def aliased(*lines: str) -> Rig:
    rig = Rig(code(*lines), registers={"r8": ALIAS})
    rig.space.share(ALIAS, 0x1000, rig.data, READ | WRITE)
    return rig


def test_the_watched_address_hits() -> None:
    rig = aliased(STORE, NOP)
    rig.write(rig.data, 8)

    assert rig.traps() == [(3, 1)]


def test_its_alias_does_not() -> None:
    """DRn is a linear address: the frame is not what is watched."""
    rig = aliased(STORE_R8, NOP)
    rig.write(rig.data, 8)

    assert rig.traps() == []


def test_a_watch_on_the_alias_hits_there_only() -> None:
    rig = aliased(STORE, STORE_R8, NOP)
    rig.write(ALIAS, 8)

    assert rig.traps() == [(6, 1)]


def test_both_addresses_watched_tell_apart() -> None:
    rig = aliased(STORE, STORE_R8, NOP)
    rig.write(rig.data, 8, slot=0)
    rig.write(ALIAS, 8, slot=1)

    assert rig.traps() == [(3, 1), (6, 2)]


@pytest.mark.parametrize("instruction", [IN_AL, OUT_AL, "ec", "f36e"])
def test_user_code_must_not_touch_ports(instruction: str) -> None:
    """IOPL is 0 and there is no I/O bitmap: #GP at the instruction."""
    rig = Rig(code(NOP, instruction), registers={"rcx": 1, "rsi": DATA})
    told = rig.run()[0]

    assert (told.what, told.vector, told.at) == ("fault", Vector.GP, 1)


def test_sysenter_is_undefined_in_long_mode() -> None:
    told = Rig(code(NOP, "0f34")).run()[0]

    assert (told.what, told.vector, told.at) == ("fault", Vector.UD, 1)
