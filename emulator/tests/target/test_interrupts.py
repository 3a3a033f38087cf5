"""Interrupts between CPUs (decisions D2): taken at the next boundary, NMI first."""

from __future__ import annotations

from emulator.target.traps import Vector
from emulator.tests.target.rig import Rig

ENDLESS = bytes.fromhex("90ebfd")  # nop; jmp to it
IPI = 0xF7


def two_cpus() -> Rig:
    return Rig(ENDLESS, user=False, cpus=2)


def test_the_other_cpu_takes_it_before_its_next_instruction() -> None:
    rig = two_cpus()
    rig.machine.cpus[1].run(10)
    rig.machine.send(1, IPI)
    rig.machine.cpus[1].run(10)

    assert [(t.what, t.cpu, t.vector, t.retired) for t in rig.told] == [
        ("interrupt", 1, IPI, 10)
    ]


def test_only_the_cpu_that_was_meant_takes_it() -> None:
    rig = two_cpus()
    rig.machine.send(1, IPI)
    rig.machine.cpus[0].run(10)

    assert rig.told == []


def test_an_nmi_goes_before_an_ipi() -> None:
    rig = two_cpus()
    rig.machine.send(1, IPI)
    rig.machine.send(1, Vector.NMI)
    rig.machine.cpus[1].run(10)

    assert [t.vector for t in rig.told] == [Vector.NMI, IPI]


def test_a_pending_vector_is_not_taken_twice() -> None:
    rig = two_cpus()
    rig.machine.send(1, IPI)
    rig.machine.send(1, IPI)
    rig.machine.cpus[1].run(10)

    assert len(rig.told) == 1


def test_an_interrupt_takes_no_guest_time() -> None:
    rig = two_cpus()
    rig.machine.send(1, IPI)
    rig.machine.cpus[1].run(10)

    assert rig.machine.cpus[1].retired == 10
