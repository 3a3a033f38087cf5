"""arch_install, arch_uninstall, hw_breakpoint_restore, _disable and _active."""

from __future__ import annotations

import pytest

from emulator.arch.x86.exception import Thread
from emulator.core.perf_event import BpType, PerfEvent
from emulator.errors import KernelError
from emulator.events import Callee, EventKind
from emulator.tests.core.slots import Slots

PID = 200


class Registers(Slots):
    """Slots with a way past the accounting, as kgdb goes it."""

    def event(self, address: int = 0x2000, kind: BpType = BpType.W) -> PerfEvent:
        """Parsed, in no register."""
        length = 8 if kind is BpType.X else 4
        attr = self.attr(bp_addr=address, bp_len=length, bp_type=kind)
        event = PerfEvent(self._next, attr, 0, PID)
        event.info = self.arch.hw_breakpoint_arch_parse(attr, task=PID)
        return event

    def install(self, **facts: object) -> PerfEvent:
        """In a register of CPU 0."""
        event = self.event(**facts)
        self.arch.arch_install_hw_breakpoint(event, 0)
        return event


@pytest.fixture
def machine() -> Registers:
    """Nothing installed."""
    return Registers()


def test_the_lowest_free_register_is_taken(machine: Registers) -> None:
    events = [machine.install() for _ in range(3)]
    machine.arch.arch_uninstall_hw_breakpoint(events[1], 0)

    assert machine.install().slot == 1


def test_the_fifth_is_busy(machine: Registers) -> None:
    for _ in range(4):
        machine.install()

    with pytest.raises(KernelError) as caught:
        machine.install()

    assert caught.value.errno == 16


def test_after_install_and_uninstall_ge_stays(machine: Registers) -> None:
    machine.arch.arch_uninstall_hw_breakpoint(machine.install(), 0)

    assert machine.states[0].cpu_dr7 == 0x200


def test_uninstalling_leaves_the_address(machine: Registers) -> None:
    machine.arch.arch_uninstall_hw_breakpoint(machine.install(address=0x2000), 0)

    assert machine.units[0].address[0] == 0x2000
    assert machine.states[0].cpu_debugreg[0] == 0x2000


def test_uninstalling_what_is_not_there_changes_nothing(machine: Registers) -> None:
    machine.install()
    before = machine.units[0].dr7

    machine.arch.arch_uninstall_hw_breakpoint(machine.event(), 0)

    assert machine.units[0].dr7 == before


def shadow_and_dr7(machine: Registers) -> list[str]:
    return [
        line.strip()
        for line in machine.notes.story()
        if line.strip().startswith(("dr7", "shadow0"))
    ]


@pytest.mark.parametrize(
    ("variant", "order"),
    [
        ("d4", ["shadow0=0x200", "dr7=0x600"]),
        ("g-bare", ["dr7=0x600", "shadow0=0x200"]),
    ],
)
def test_who_is_written_first_on_the_way_out(variant: str, order: list[str]) -> None:
    machine = Registers(variant=variant)
    event = machine.install()
    before = len(shadow_and_dr7(machine))

    machine.arch.arch_uninstall_hw_breakpoint(event, 0)

    assert shadow_and_dr7(machine)[before:] == order


def test_the_shadow_is_written_first_on_the_way_in(machine: Registers) -> None:
    machine.install()

    assert shadow_and_dr7(machine) == ["shadow0=0xd0202", "dr7=0xd0602"]


def test_a_cpu_is_active_while_something_is_in(machine: Registers) -> None:
    before = machine.arch.hw_breakpoint_active(0)
    event = machine.install()
    during = machine.arch.hw_breakpoint_active(0)
    machine.arch.arch_uninstall_hw_breakpoint(event, 0)

    assert (before, during, machine.arch.hw_breakpoint_active(0)) == (
        False,
        True,
        False,
    )


def test_restoring_heals_the_registers(machine: Registers) -> None:
    machine.install(address=0x2000)
    machine.units[0].write(0, 0xDEAD)
    machine.units[0].write(7, 0)

    machine.arch.hw_breakpoint_restore(0, Thread(PID))

    assert (machine.units[0].address[0], machine.units[0].dr7) == (0x2000, 0xD0602)


@pytest.mark.parametrize(
    ("variant", "dr6"), [("d4", 0xFFFF4FF0), ("g-bare", 0xFFFF0FF0)]
)
def test_what_restoring_leaves_in_dr6(variant: str, dr6: int) -> None:
    machine, thread = Registers(variant=variant), Thread(PID)
    thread.virtual_dr6 = 1 << 14

    machine.arch.hw_breakpoint_restore(0, thread)

    assert machine.units[0].dr6 == dr6


def test_restoring_writes_dr7_last(machine: Registers) -> None:
    machine.arch.hw_breakpoint_restore(0, Thread(PID))

    writes = machine.notes.of(EventKind.DR_WRITE)
    assert [w["slot"] for w in writes] == [0, 1, 2, 3, 6, 7]
    assert {w["aux"] for w in writes} == {Callee.hw_breakpoint_restore}


def test_disabling_clears_the_registers_and_not_the_shadow(machine: Registers) -> None:
    machine.install(address=0x2000)

    machine.arch.hw_breakpoint_disable(0)

    assert (machine.units[0].address[0], machine.units[0].dr7) == (0, 0x400)
    assert machine.states[0].cpu_dr7 == 0xD0202


def test_the_call_belongs_to_the_cpu_it_is_about(machine: Registers) -> None:
    machine.arch.hw_breakpoint_restore(1, Thread(PID))

    (call,) = machine.notes.of(EventKind.CALL)
    assert (call["cpu"], machine.notes.recorder.cpu) == (1, 0)
