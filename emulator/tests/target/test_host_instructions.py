"""RDTSC, RDTSCP, RDRAND, RDSEED and CPUID: functions of clock and seed, never of the host."""

from __future__ import annotations

import pytest

from emulator.tests.target.rig import Rig, code

HOST = {
    "rdtsc": code(
        "0f31",  # rdtsc
        "8903",  # mov [rbx],eax
        "895304",  # mov [rbx+4],edx
    ),
    "rdtscp": code(
        "0f01f9",  # rdtscp
        "8903",  # mov [rbx],eax
        "894b04",  # mov [rbx+4],ecx
    ),
    "rdrand": code(
        "480fc7f0",  # rdrand rax
        "488903",  # mov [rbx],rax
        "66410fc7f1",  # rdrand r9w
        "4c894b08",  # mov [rbx+8],r9
    ),
    "rdseed": code(
        "0fc7f8",  # rdseed eax
        "488903",  # mov [rbx],rax
        "490fc7ff",  # rdseed r15
        "4c897b08",  # mov [rbx+8],r15
    ),
    "cpuid": code(
        "b801000000",  # mov eax,1
        "53",  # push rbx
        "0fa2",  # cpuid
        "5e",  # pop rsi
        "890e",  # mov [rsi],ecx
        "895604",  # mov [rsi+4],edx
    ),
}


def result(name: str, user: bool, seed: int = 5) -> bytes:
    """What the program stored; at CPL0 every place of RDTSC is known beforehand."""
    rig = Rig(HOST[name], user=user, seed=seed)
    if not user and name.startswith("rdtsc"):
        rig.cpu.emulated = frozenset({rig.code})
    rig.run()
    assert [(t.what, t.at) for t in rig.told] == [("fault", len(HOST[name]) - 2)]
    return rig.space.read(rig.data, 16)


@pytest.mark.parametrize("user", [True, False], ids=["cpl3", "cpl0"])
@pytest.mark.parametrize("name", HOST)
def test_what_depends_on_the_host_elsewhere_repeats_itself(
    name: str, user: bool
) -> None:
    assert result(name, user) == result(name, user)


@pytest.mark.parametrize("user", [True, False], ids=["cpl3", "cpl0"])
@pytest.mark.parametrize("name", ["rdrand", "rdseed"])
def test_random_numbers_depend_on_the_seed(name: str, user: bool) -> None:
    assert result(name, user, seed=1) != result(name, user, seed=2)


@pytest.mark.parametrize("name", ["rdrand", "rdseed"])
def test_two_random_numbers_of_a_run_differ(name: str) -> None:
    drawn = result(name, True)

    assert drawn[:8] != drawn[8:]


def test_the_time_stamp_is_the_number_of_retired_instructions() -> None:
    end = Rig(
        code(
            "90",  # nop
            "90",  # nop
            "90",  # nop
            "0f31",  # rdtsc
        )
    ).run()[-1]

    assert (end.rax, end.rdx) == (3, 0)


def test_rdrand_succeeds() -> None:
    assert (
        Rig(
            code(
                "480fc7f0",  # rdrand rax
            )
        )
        .run()[-1]
        .eflags
        & 1
    )


def test_instructions_of_the_host_are_counted() -> None:
    rig = Rig(
        code(
            "0f31",  # rdtsc
            "480fc7f0",  # rdrand rax
            "90",  # nop
        )
    )
    rig.run()

    assert rig.cpu.retired == 3


def test_an_instruction_of_the_host_is_stepped_like_any_other() -> None:
    rig = Rig(HOST["rdtsc"], rflags=0x302)

    assert rig.traps()[0] == (2, 1 << 14)
