"""Entry at both privileges, faults, host instructions, several CPUs."""

from __future__ import annotations

import pytest

from emulator.target import clock
from emulator.target.calibration import flags_state_offset, pending_exception_offset
from emulator.target.machine import Machine, Profile
from emulator.target.paging import READ, WRITE
from emulator.target.reasons import Stop
from emulator.tests.target.rig import (
    DATA,
    KERNEL_DATA,
    Rig,
    Told,
    code,
)

DE, UD, SS, GP, PF = 0, 6, 12, 13, 14
USER_CS, KERNEL_CS = 0x33, 0x10


@pytest.mark.parametrize(("user", "cs"), [(True, USER_CS), (False, KERNEL_CS)])
def test_a_task_runs_at_its_privilege(user: bool, cs: int) -> None:
    assert Rig(code(), user=user).run()[0].cs == cs


def test_registers_are_as_given() -> None:
    end = Rig(code(), registers={"r13": 0x1234, "fs_base": DATA}).run()[0]

    assert (end.r13, end.fs_base) == (0x1234, DATA)


def test_registers_that_are_not_given_are_zero() -> None:
    end = Rig(code()).run()[0]

    assert [end.rax, end.rcx, end.rdx, end.rsi, end.r15] == [0] * 5


FAULTS = [
    pytest.param(
        code(
            "31c0",  # xor eax,eax
            "8b08",  # mov ecx,[rax]
        ),
        PF,
        2,
        id="null",
    ),
    pytest.param(
        code(
            "48c7c000000082",  # mov rax,0xffffffff82000000
            "8908",  # mov [rax],ecx
        ),
        PF,
        7,
        id="kernel-memory",
    ),
    pytest.param(
        code(
            "48c7c000000082",  # mov rax,0xffffffff82000000
            "ffd0",  # call rax
        ),
        PF,
        None,
        id="kernel-code",
    ),
    pytest.param(
        code(
            "31c9",  # xor ecx,ecx
            "f7f1",  # div ecx
        ),
        DE,
        2,
        id="divide",
    ),
    pytest.param(
        code(
            "48b80000000000000080",  # mov rax,0x8000000000000000
            "8908",  # mov [rax],ecx
        ),
        GP,
        10,
        id="not-canonical",
    ),
    pytest.param(
        code(
            "f4",  # hlt
        ),
        GP,
        0,
        id="hlt",
    ),
    pytest.param(
        code(
            "fa",  # cli
        ),
        GP,
        0,
        id="cli",
    ),
    pytest.param(
        code(
            "0f20d8",  # mov rax,cr3
        ),
        GP,
        0,
        id="cr3",
    ),
    pytest.param(
        code(
            "0f21f8",  # mov rax,dr7
        ),
        GP,
        0,
        id="read-dr7",
    ),
    pytest.param(
        code(
            "0f23c0",  # mov dr0,rax
        ),
        GP,
        0,
        id="write-dr0",
    ),
    pytest.param(
        code(
            "0f32",  # rdmsr
        ),
        GP,
        0,
        id="rdmsr",
    ),
    pytest.param(
        code(
            "cd80",  # int 0x80
        ),
        GP,
        0,
        id="int-80",
    ),
    pytest.param(
        code(
            "cd01",  # int 1
        ),
        GP,
        0,
        id="int-1",
    ),
    pytest.param(
        code(
            "48cf",  # iretq
        ),
        None,
        None,
        id="iretq",
    ),
    pytest.param(
        code(
            "8ed1",  # mov ss,cx
            "51",  # push rcx
        ),
        GP,
        None,
        id="null-ss",
    ),
    pytest.param(
        code(
            "31c0",  # xor eax,eax
            "ffe0",  # jmp rax
        ),
        PF,
        None,
        id="jump-to-0",
    ),
    pytest.param(
        code(
            "bc08000000",  # mov esp,8
            "50",  # push rax
        ),
        PF,
        5,
        id="unmapped-stack",
    ),
    pytest.param(
        code(
            "31e4",  # xor esp,esp
            "50",  # push rax
        ),
        None,
        2,
        id="stack-at-0",
    ),
    pytest.param(
        code(
            "0f0b",  # ud2
        ),
        UD,
        0,
        id="ud2",
    ),
    pytest.param(
        code(
            "0f01d0",  # xgetbv
        ),
        UD,
        0,
        id="xgetbv",
    ),
    pytest.param(
        code(
            "cd0d",  # int 13
        ),
        GP,
        0,
        id="int-13",
    ),
    pytest.param(
        code(
            "90",  # nop
            "cdff",  # int 0xff
        ),
        GP,
        1,
        id="int-255",
    ),
    pytest.param(
        code(
            "06",  # .byte 0x06
        ),
        UD,
        0,
        id="push-es",
    ),
]


@pytest.mark.parametrize(("program", "vector", "at"), FAULTS)
def test_a_user_fault_reaches_the_listener(
    program: bytes, vector: int | None, at: int | None
) -> None:
    told = Rig(program, most=5).run()[0]

    assert told.what == "fault"
    assert vector in (None, told.vector)
    assert at in (None, told.at)


def test_a_page_fault_has_address_and_error_code() -> None:
    rig = Rig(
        code(
            "48c7c078563412",  # mov rax,0x12345678
            "8b08",  # mov ecx,[rax]
        )
    )

    fault = rig.run()[0]

    assert (fault.address, fault.error) == (0x12345678, 4)


def test_int_n_without_a_gate_names_its_gate() -> None:
    assert (
        Rig(
            code(
                "cd80",  # int 0x80
            )
        )
        .run()[0]
        .error
        == 0x80 << 3 | 2
    )


def test_a_page_fault_on_kernel_memory_is_a_protection_fault() -> None:
    rig = Rig(
        code(
            "48c7c000000082",  # mov rax,0xffffffff82000000
            "8b08",  # mov ecx,[rax]
        )
    )
    rig.machine.kernel_space.map(KERNEL_DATA, 0x1000, READ | WRITE)

    fault = rig.run()[0]

    assert (fault.address, fault.error) == (KERNEL_DATA, 5)


def test_code_on_a_page_without_execute_faults() -> None:
    fault = Rig(
        code(
            "ffe3",  # jmp rbx
        )
    ).run()[0]

    assert (fault.vector, fault.rip, fault.error & 0x10) == (PF, DATA, 0x10)


def test_a_fault_can_follow_a_fault() -> None:
    # The listener steps over the first; the second must not become a double fault.
    rig = Rig(
        code(
            "31c0",  # xor eax,eax
            "8b08",  # mov ecx,[rax]
            "f7f0",  # div eax
        ),
        most=2,
    )

    def skip(cpu, told: Told) -> None:
        cpu.regs.values[16] += 2
        cpu.touch()
        cpu._stop_requested = False

    rig.react = skip

    assert [t.vector for t in rig.run()] == [PF, DE]


def test_kernel_code_reads_debug_registers_of_the_engine_or_faults() -> None:
    told = Rig(
        code(
            "0f21f8",  # mov rax,dr7
            "90",  # nop
        ),
        user=False,
    ).run()

    assert told[-1].what == "fault"


def test_hlt_at_cpl0_halts() -> None:
    rig = Rig(
        code(
            "f4",  # hlt
        ),
        user=False,
    )

    rig.run()

    assert rig.stop is Stop.HALTED


def test_a_syscall_is_told_behind_its_instruction() -> None:
    told = Rig(
        code(
            "b83c000000",  # mov eax,60
            "0f05",  # syscall
        )
    ).run()[0]

    assert (told.what, told.at) == ("syscall", 7)


def test_a_syscall_at_cpl0_is_told_too() -> None:
    told = Rig(
        code(
            "0f05",  # syscall
        ),
        user=False,
    ).run()

    assert [t.what for t in told] == ["syscall", "fault"]


def test_two_cpus_share_memory() -> None:
    rig = Rig(
        code(
            "f0ff03",  # lock inc dword ptr [rbx]
        ),
        cpus=2,
    )

    for cpu in rig.machine.cpus:
        cpu.run(100)

    assert rig.value(0, 4) == 2


def test_each_cpu_has_debug_registers_of_its_own() -> None:
    rig = Rig(
        code(
            "890b",  # mov [rbx],ecx
            "90",  # nop
        ),
        cpus=2,
    )
    rig.write(DATA, 4)

    for cpu in rig.machine.cpus:
        cpu.run(100)

    assert [t.cpu for t in rig.told if t.what == "#DB"] == [0]


def test_a_cpu_sees_another_cpus_store_between_slices() -> None:
    rig = Rig(
        code(
            "833b00",  # l: cmp dword ptr [rbx],0
            "74fb",  # jz l
            "90",  # nop
        ),
        cpus=2,
    )
    rig.cpu.run(1000)
    before = len(rig.told)

    rig.space.write(DATA, b"\x01")
    rig.cpu.run(1000)

    assert (before, len(rig.told)) == (0, 1)


def test_a_count_is_exact() -> None:
    rig = Rig(
        code(
            "ebfe",  # l: jmp l
        )
    )

    rig.run(1234)

    assert (rig.cpu.retired, rig.stop) == (1234, Stop.COUNT)


@pytest.mark.parametrize(
    "offset",
    [clock.counter_offset, flags_state_offset, pending_exception_offset],
    ids=["counter", "flags", "exception"],
)
def test_the_engines_places_are_found_again_alike(offset) -> None:
    first = offset()
    offset.cache_clear()

    assert offset() == first


def test_dr6_of_an_emulator_of_2010_has_no_fixed_ones() -> None:
    rig = Rig(
        code(
            "890b",  # mov [rbx],ecx
            "90",  # nop
        ),
        profile=Profile(dr6_fixed_bits_read_as_one=False),
    )
    rig.write(DATA, 4)

    assert rig.run()[0].dr6 == 1


def test_eight_machines_fit_beside_each_other() -> None:
    machines = [Machine(8, 1 << 20, Rig(code()), seed=0, profile=Profile())]

    assert len(machines[0].cpus) == 8
