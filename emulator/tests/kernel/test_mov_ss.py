"""tools/testing/selftests/x86/mov_ss_trap.c: a watched operand of mov ss before all sorts
of ways into the kernel. F1 is the row of docs/conformance.md.

The program is our own (tests/c/mov_ss.c). On the host (AMD) it prints the same lines, but
for `int 0x80`, which that kernel serves, and `icebp`, whose RIP the hypervisor spoils.
"""

from __future__ import annotations

import pytest

from emulator.tests.kernel.guest import CompiledGuest

SIGILL, SIGSEGV = 4, 11


@pytest.fixture(scope="module")
def program() -> CompiledGuest:
    """Run with the breakpoints that the suite's parent plants."""
    guest = CompiledGuest("mov_ss")
    ptrace, thread = guest.system.model.ptrace, guest.task.thread
    ptrace.plant(thread, 0, guest.symbols["selector"], 0x83, 0x44)
    ptrace.plant(thread, 1, guest.symbols["breakpointed"], 0x80, 0x40)
    return guest.run()


@pytest.mark.parametrize(
    ("name", "traps", "signal"),
    [
        pytest.param("read", 1, 0, id="F1-read-is-one-trap"),
        pytest.param("nop", 1, 0, id="F1-trap-is-one-late"),
        pytest.param("int3", 1, 0, id="F1-int3-survives"),
        pytest.param("int 3", 1, 0, id="F1-int-3-survives"),
        pytest.param("cs int3", 1, 0, id="F1-prefixed-int3-survives"),
        pytest.param("csx14 int3", 1, 0, id="F1-long-int3-survives"),
        pytest.param("int 4", 0, SIGSEGV, id="F1-int-4-segv"),
        pytest.param("icebp", 1, 0, id="F1-icebp-trap"),
        pytest.param("cli", 0, SIGSEGV, id="F1-cli-drops-it"),
        pytest.param("page fault", 0, SIGSEGV, id="F1-page-fault-drops-it"),
        pytest.param("int 1", 0, SIGSEGV, id="F1-int-1-segv"),
        pytest.param("syscall", 0, 0, id="F1-syscall-survives"),
        pytest.param("breakpointed nop", 1, 0, id="F1-one-db-for-both"),
        pytest.param("sysenter", 0, SIGILL, id="F1-sysenter-as-amd-has-it"),
        pytest.param("int 0x80", 0, SIGSEGV, id="F1-int-0x80-without-ia32"),
    ],
)
def test_each_way_in(
    program: CompiledGuest, name: str, traps: int, signal: int
) -> None:
    assert f"{name}: traps {traps} signal {signal}" in program.lines


def test_the_process_is_alive_at_the_end(program: CompiledGuest) -> None:
    assert program.lines[-1] == "alive"
    assert program.exit_status == 0
