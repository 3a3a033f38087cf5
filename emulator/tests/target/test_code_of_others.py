"""Code patched by one CPU is what the others execute (decisions D3)."""

from __future__ import annotations

from emulator.target import raw
from emulator.tests.target.rig import KERNEL_CODE, Rig, code

# patched: nop; jmp patched. At 0x20 the other CPU stores int3 over the nop and halts.
LOOP = "90ebfd"
PATCHER = "c605" + "d9ffffff" + "cc" + "f4"  # mov byte [rip - 0x27], 0xcc; hlt
PROGRAM = code(LOOP).ljust(0x20, b"\x90") + bytes.fromhex(PATCHER)


def two_cpus() -> Rig:
    rig = Rig(PROGRAM, user=False, cpus=2)
    rig.machine.cpus[1].regs.write(raw.RIP, KERNEL_CODE + 0x20)
    return rig


def test_an_int3_of_another_cpu_is_met() -> None:
    rig = two_cpus()
    rig.react = lambda cpu, _told: cpu.request_stop()
    rig.machine.cpus[0].run(1000)  # translated now
    rig.machine.cpus[1].run(10)
    rig.machine.cpus[0].run(1000)

    assert [(t.what, t.cpu, t.at) for t in rig.told] == [("#BP", 0, 1)]


def test_the_patch_is_in_the_shared_memory() -> None:
    rig = two_cpus()
    rig.machine.cpus[1].run(10)

    assert rig.space.read(KERNEL_CODE, 1) == b"\xcc"


def test_a_lone_cpu_hooks_no_code() -> None:
    assert Rig(PROGRAM, user=False).cpu.hook_sync.code_watch is None
