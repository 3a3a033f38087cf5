"""encode_dr7 and what install and uninstall do to the registers."""

from __future__ import annotations

import pytest

from emulator.arch.x86.encoding import encode_dr7, encode_dr7_without_ge
from emulator.core.perf_event import BpType
from emulator.errors import KernelError
from emulator.tests.arch.machine import Exceptions

LEN_1, LEN_2, LEN_4, LEN_8 = 0x40, 0x44, 0x4C, 0x48
EXECUTE, WRITE, RW = 0x80, 0x81, 0x83
EBUSY, GE = 16, 0x200


@pytest.mark.parametrize(
    ("slot", "length", "kind", "expected"),
    [
        (0, LEN_4, WRITE, 0x000D0202),
        (1, LEN_1, EXECUTE, 0x00000208),
        (2, LEN_8, RW, 0x0B000220),
        (3, LEN_2, RW, 0x70000280),
    ],
)
def test_encode_dr7(slot: int, length: int, kind: int, expected: int) -> None:
    assert encode_dr7(slot, length, kind) == expected


def test_encode_dr7_without_ge() -> None:
    assert encode_dr7_without_ge(0, LEN_4, WRITE) == 0x000D0002


def test_the_first_free_slot_is_taken() -> None:
    machine = Exceptions()
    events = [machine.install(0x2000 + 8 * i) for i in range(3)]
    machine.arch.arch_uninstall_hw_breakpoint(events[1], 0)

    assert machine.install(0x3000).slot == 1


def test_a_fifth_is_ebusy() -> None:
    machine = Exceptions()
    for i in range(4):
        machine.install(0x2000 + 8 * i)

    with pytest.raises(KernelError) as caught:
        machine.install(0x3000)

    assert caught.value.errno == EBUSY


def test_ge_and_the_address_stay_behind() -> None:
    machine = Exceptions()
    event = machine.install(0x2000)

    machine.arch.arch_uninstall_hw_breakpoint(event, 0)

    assert machine.state.cpu_dr7 == GE
    assert (machine.unit.address[0], machine.state.cpu_debugreg[0]) == (0x2000, 0x2000)


def test_install_writes_the_shadow_before_dr7() -> None:
    machine = Exceptions()

    machine.install(0x2000)

    assert machine.notes.story() == [
        "arch_install_hw_breakpoint",
        "  shadow5=0x1",
        "  dr0=0x2000",
        "  shadow1=0x2000",
        "  shadow0=0xd0202",
        "  dr7=0xd0602",
    ]


def test_uninstall_writes_dr7_before_the_shadow() -> None:
    machine = Exceptions()
    event = machine.install(0x2000)

    machine.arch.arch_uninstall_hw_breakpoint(event, 0)

    assert machine.notes.story()[-3:] == [
        "  shadow5=0x0",
        "  dr7=0x600",
        "  shadow0=0x200",
    ]


def test_uninstalling_what_is_not_there_does_nothing() -> None:
    machine = Exceptions()
    event = machine.install(0x2000, BpType.RW)
    machine.arch.arch_uninstall_hw_breakpoint(event, 0)
    before = len(machine.notes.events)

    machine.arch.arch_uninstall_hw_breakpoint(event, 0)

    assert len(machine.notes.events) == before
