"""The real gdb against both faces of a toy machine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from emulator.gdbstub.actions import Detach, Kill
from emulator.gdbstub.faithful.face import FaithfulFace
from emulator.gdbstub.full.face import FullFace
from emulator.gdbstub.rules import FaithfulRules
from emulator.gdbstub.target import BreakpointKind
from emulator.tests.gdbstub.fake_target import FakeSurroundings
from emulator.tests.gdbstub.gdb_session import GDB, Server, gdb, serving, started
from emulator.tests.gdbstub.toy_machine import (
    LOAD,
    NOP,
    READ,
    START,
    STORE,
    WRITTEN,
    ToyMachine,
)

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(GDB is None, reason="gdb is not installed"),
]
#: kgdb describes no registers, so gdb has to be told.
FOR_KGDB = ("set architecture i386:x86-64",)
V, R = f"*(int*){WRITTEN:#x}", f"*(int*){READ:#x}"


@pytest.fixture
def full() -> Iterator[Server]:
    machine = ToyMachine()
    with serving(FullFace(machine), machine) as server:
        yield server


@pytest.fixture
def kernel() -> Iterator[Server]:
    machine = ToyMachine()
    with serving(FaithfulFace(machine, FaithfulRules()), machine) as server:
        yield server


def test_full_gdb_takes_the_description(full: Server) -> None:
    output = gdb(full, "info registers rip rsp eflags cs")

    assert f"rip            {START:#x}" in output
    assert "eflags         0x202               [ IF ]" in output
    assert "cs             0x33                51" in output


def test_full_gdb_shows_debug_registers_in_words(full: Server) -> None:
    output = gdb(full, "info registers dr7", "info registers cpu_dr7 dr6")

    assert "dr7            0x90602             [ G0 GE RW0=1" in output
    assert "cpu_dr7        0x90202             [ G0 GE RW0=1" in output
    assert "dr6            0xffff0ff0          [ ]" in output


def test_full_gdb_writes_a_debug_register(full: Server) -> None:
    gdb(full, "set var $dr7 = 0x401")

    assert full.machine.values["dr7"] == 0x401


def test_full_gdb_is_told_what_cannot_be_written(full: Server) -> None:
    output = gdb(full, "set var $cpu_dr7 = 1")

    assert 'Could not write register "cpu_dr7"' in output
    assert full.machine.values["cpu_dr7"] == 0x90202


def test_full_gdb_knows_what_is_not_known(full: Server) -> None:
    output = gdb(full, "info registers r8", "p $st0")

    assert "r8             <unavailable>" in output
    assert "$1 = <unavailable>" in output


def test_full_gdb_shows_sse_registers(full: Server) -> None:
    assert "$1 = {2, 1}" in gdb(full, "p $xmm0.v2_int64")


def test_full_gdb_disassembles(full: Server) -> None:
    lines = gdb(full, "x/5i $pc").splitlines()

    assert [line.split("\t")[1].split()[0] for line in lines[-7:] if "\t" in line] == [
        "inc",
        "mov",
        "mov",
        "nop",
        "jmp",
    ]


def test_full_gdb_lists_threads_by_name(full: Server) -> None:
    output = gdb(full, "info threads")

    assert '* 1    Thread 34 "kgt0" (on CPU 0)' in output
    assert 'Thread 4294967293 "swapper/1" (on CPU 1)' in output
    assert 'Thread 1 "sh" (sleeping)' in output


def test_full_gdb_switches_to_an_idle_cpu(full: Server) -> None:
    gdb(full, "thread 2")

    assert b"Hg-3" in full.asked(b"H")


def test_full_gdb_stops_at_a_hardware_breakpoint(full: Server) -> None:
    output = gdb(full, f"hbreak *{NOP:#x}", "continue", "p $pc", "p $rax")

    assert "hit Breakpoint 1" in output
    assert f"(void (*)()) {NOP:#x}" in output
    assert full.asked(b"Z1") == [b"Z1,%x,1" % NOP]


def test_full_gdb_stops_at_a_software_breakpoint(full: Server) -> None:
    """With swbreak+ gdb leaves RIP to the stub."""
    output = gdb(full, f"break *{LOAD:#x}", "continue", "p $pc", "continue", "p $rax")

    assert output.count("hit Breakpoint 1") == 2
    assert f"$1 = (void (*)()) {LOAD:#x}" in output
    assert "$2 = 2" in output


def test_full_gdb_watches_a_variable(full: Server) -> None:
    output = gdb(full, f"watch {V}", "continue", "p $pc")

    assert "Old value = 0\nNew value = 1" in output
    assert f"(void (*)()) {LOAD:#x}" in output
    assert full.asked(b"Z") == [b"Z2,%x,4" % WRITTEN]


def test_full_gdb_watches_reads_with_an_access_watchpoint(full: Server) -> None:
    """x86 has no read watchpoint; the empty reply to Z3 makes gdb try Z4."""
    output = gdb(full, f"rwatch {R}", "continue")

    assert "hit Hardware read watchpoint 1" in output
    assert [p[:2] for p in full.asked(b"Z")] == [b"Z3", b"Z4"]


def test_full_gdb_watches_accesses(full: Server) -> None:
    output = gdb(full, f"awatch {R}", "continue", "continue")

    assert output.count("hit Hardware access (read/write) watchpoint 1") == 2


def test_full_gdb_is_told_of_a_missing_slot(full: Server) -> None:
    breaks = [f"hbreak *{NOP + n:#x}" for n in range(5)]

    assert "You may have requested too many hardware breakpoints" in gdb(
        full, *breaks, "continue"
    )


def test_full_gdb_evaluates_conditions_itself(full: Server) -> None:
    output = gdb(full, f"hbreak *{NOP:#x} if $rax == 3", "continue", "p $rax")

    assert "$1 = 3" in output


def test_full_gdb_steps(full: Server) -> None:
    output = gdb(full, "stepi", "stepi", "p $pc")

    assert f"(void (*)()) {LOAD:#x}" in output
    assert b"vCont;s:22;c" in full.asked(b"vCont")


def test_full_gdb_jumps(full: Server) -> None:
    output = gdb(full, f"tbreak *{NOP:#x}", f"jump *{LOAD:#x}", "p $rax")

    assert "$1 = 0" in output


def test_full_gdb_writes_memory_with_bytes_that_need_escapes(full: Server) -> None:
    gdb(full, f"set var {V} = 0x2a7d2423")

    memory = full.machine.memory
    assert memory
    assert memory.read(0, WRITTEN, 4) == b"#$}*"


def test_full_gdb_cannot_read_what_is_not_mapped(full: Server) -> None:
    assert "Cannot access memory at address 0x0" in gdb(full, "x/x 0")


def test_full_gdb_sends_monitor_commands(full: Server) -> None:
    output = gdb(full, "monitor slots 1 2", "monitor", "monitor nonsense")

    assert "slots 1 2\n" in output
    assert "slots  Who holds them.\n" in output
    assert "nonsense: one of dr, help, slots expected" in output


def test_full_gdb_asks_for_the_program(full: Server) -> None:
    full.machine.surroundings = FakeSurroundings(path="/nowhere/vmlinux", regions=None)
    gdb(full)

    assert full.asked(b"qXfer:exec-file")[0] == b"qXfer:exec-file:read::0,1000"


def test_full_gdb_obeys_the_memory_map(full: Server) -> None:
    full.machine.surroundings = FakeSurroundings(path=None)
    output = gdb(full, "info mem", f"x/x {WRITTEN:#x}")

    assert "0x0000000000000000 0x0000800000000000 rw" in output
    assert f"Cannot access memory at address {WRITTEN:#x}" in output


def test_full_gdb_detaches(full: Server) -> None:
    output = gdb(full, f"hbreak *{NOP:#x}", "continue", "detach")

    assert "detached" in output
    assert full.actions[-1] == Detach()


def test_full_gdb_kills(full: Server) -> None:
    gdb(full, "kill")

    assert Kill() in full.actions


def test_full_gdb_comes_back(full: Server) -> None:
    gdb(full, f"watch {V}", "continue", "detach")
    output = gdb(full, f"hbreak *{NOP:#x}", "continue", "p $rax")

    assert "hit Breakpoint 1" in output
    assert "$1 = 1" in output


def test_full_gdb_that_quits_leaves_no_breakpoint(full: Server) -> None:
    gdb(full, f"hbreak *{NOP:#x}", "continue")
    gdb(full)

    assert full.machine.breakpoints
    assert full.machine.breakpoints.hardware == []


def test_full_gdb_interrupts(full: Server) -> None:
    assert "received signal SIGINT" in interrupted(full)


def test_full_a_gdb_that_is_killed_in_a_run_lets_go(full: Server) -> None:
    process = started(full, f"hbreak *{NOP + 100:#x}", "continue")
    wait_for_resume(full)
    process.kill()
    process.communicate()
    gdb(full)

    assert Detach() in full.actions
    assert full.machine.breakpoints
    assert full.machine.breakpoints.hardware == []


def wait_for_resume(server: Server) -> None:
    deadline = time.monotonic() + 30
    while not server.running_commands():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def interrupted(server: Server, *, before: tuple[str, ...] = ()) -> str:
    """What gdb prints when the user presses Ctrl-C in a continue."""
    process = started(server, "continue", "p $pc", before=before)
    wait_for_resume(server)
    os.kill(process.pid, signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return output


def test_kgdb_shows_registers(kernel: Server) -> None:
    output = gdb(kernel, "info registers rip eflags cs", before=FOR_KGDB)

    assert f"rip            {START:#x}" in output
    assert "cs             0x33                51" in output


def test_kgdb_stops_at_a_hardware_breakpoint(kernel: Server) -> None:
    output = gdb(kernel, f"hbreak *{NOP:#x}", "continue", "p $pc", before=FOR_KGDB)

    assert "Breakpoint 1" in output
    assert f"(void (*)()) {NOP:#x}" in output


def test_kgdb_stops_at_a_software_breakpoint(kernel: Server) -> None:
    """Here gdb sets RIP back itself."""
    output = gdb(
        kernel, f"break *{LOAD:#x}", "continue", "p $pc", "p $rax", before=FOR_KGDB
    )

    assert f"$1 = (void (*)()) {LOAD:#x}" in output
    assert b"P10=%b" % LOAD.to_bytes(8, "little").hex().encode() in kernel.asked(b"P")


def test_kgdb_watches(kernel: Server) -> None:
    """Without a reason in the reply it is a SIGTRAP to gdb."""
    output = gdb(kernel, f"watch {V}", "continue", "p $pc", before=FOR_KGDB)

    assert "received signal SIGTRAP" in output
    assert f"(void (*)()) {LOAD:#x}" in output


def test_kgdb_steps(kernel: Server) -> None:
    output = gdb(kernel, "stepi", "p $pc", before=FOR_KGDB)

    assert f"(void (*)()) {STORE:#x}" in output
    assert kernel.asked(b"vCont") == [b"vCont?"]


def test_kgdb_lists_shadow_threads(kernel: Server) -> None:
    output = gdb(kernel, "info threads", before=FOR_KGDB)

    assert "Thread 4294967294 (shadowCPU0)" in output
    assert "Thread 1 (sh)" in output


def test_kgdb_detaches_and_comes_back(kernel: Server) -> None:
    gdb(kernel, f"hbreak *{NOP:#x}", "continue", "detach", before=FOR_KGDB)
    output = gdb(kernel, f"hbreak *{LOAD:#x}", "continue", "p $pc", before=FOR_KGDB)

    assert f"(void (*)()) {LOAD:#x}" in output
    assert kernel.machine.breakpoints
    assert (BreakpointKind.HARDWARE, NOP, 1) not in kernel.machine.breakpoints.hardware


def test_kgdb_is_interrupted(kernel: Server) -> None:
    assert "received signal SIGINT" in interrupted(kernel, before=FOR_KGDB)
