"""Signal handlers of programs: frames, what they see, what comes back.

The programs are C and run natively as well; where they were tried on the host they print
the same lines.
"""

from __future__ import annotations

import subprocess

import pytest

from emulator.events import Callee, EventKind
from emulator.linux.signal_state import Action
from emulator.tests.compiling import compiled
from emulator.tests.kernel.guest import CODE, DATA, CompiledGuest, Guest
from emulator.tracing import Resume

SIGTRAP, SIGSEGV, SIGUSR1 = 5, 11, 10
RF = 1 << 16
EXIT = "b83c000000 31ff 0f05"  # mov eax,60; xor edi,edi; syscall


@pytest.fixture(scope="module")
def handlers() -> CompiledGuest:
    """The program that checks what a handler sees, run to its end."""
    return CompiledGuest("handlers").run()


def test_it_ends_well(handlers: CompiledGuest) -> None:
    assert handlers.exit_status == 0


def test_it_prints_what_it_prints_natively(handlers: CompiledGuest) -> None:
    native = subprocess.run([compiled("handlers")], capture_output=True, check=True)

    assert handlers.output == native.stdout


@pytest.mark.parametrize(
    "line",
    [
        "registers: calls 1 result 0 r12 1122334455667788 xmm5 7,9 code 0",
        "ud2: calls 1 at 1 address 1 code 2",
        "fault: jumped out",
        "blocked inside: calls 3 deepest 1",
        "nodefer: calls 3 deepest 3",
        "unblocked: calls 1 mask 0",
        "altstack: 1",
        "resethand: calls 1 default 1",
    ],
)
def test_each_check_holds(handlers: CompiledGuest, line: str) -> None:
    assert line in handlers.lines


def test_each_frame_is_an_event_and_so_is_its_return(handlers: CompiledGuest) -> None:
    frames = handlers.of(EventKind.SIGNAL_FRAME)
    returns = handlers.of(EventKind.SIGNAL_RETURN)

    # The handler that jumps out never returns.
    assert len(frames) == len(returns) + 1
    assert {e["value"] for e in frames} == {4, 10, 11, 12}


# RF and TF.


def trapped(variant: str) -> CompiledGuest:
    """An execute breakpoint and a watch, whose SIGTRAPs the program handles itself."""
    guest = CompiledGuest("traps", variant=variant)
    ptrace, thread = guest.system.model.ptrace, guest.task.thread
    ptrace.plant(thread, 0, guest.symbols["target"], 0x80, 0x40)
    ptrace.plant(thread, 1, guest.symbols["watched"], 0x81, 0x48)
    return guest.run()


@pytest.mark.parametrize("variant", ["d4", "g-bare"])
def test_rf_survives_the_frame_of_an_execute_breakpoint(variant: str) -> None:
    assert trapped(variant).lines == ["traps 1 rf 1 at 1", "traps 2 rf 0"]


def test_before_that_the_return_lost_it_and_the_breakpoint_hit_again() -> None:
    # 2.6.36 sets RF in the handler of the #DB, and rt_sigreturn drops it.
    assert trapped("d3-36").exit_status == 3 << 8


@pytest.mark.parametrize("variant", ["d4", "g-bare"])
def test_the_return_shows_rf(variant: str) -> None:
    flags = [e["value"] & RF for e in trapped(variant).of(EventKind.SIGNAL_RETURN)]

    assert flags == [RF, 0]


@pytest.mark.parametrize(("variant", "rf"), [("g-bare", 0), ("d3-36", RF)])
def test_what_a_handler_starts_with(variant: str, rf: int) -> None:
    irets = trapped(variant).of(EventKind.IRET)

    assert irets[0]["value"] & RF == rf


# What goes wrong.

#: mov eax,13; mov edi,11; mov esi,DATA; xor edx,edx; mov r10d,8; syscall
SIGACTION_SEGV = (
    "b80d000000 bf0b000000 be" + DATA.to_bytes(4, "little").hex() + "31d2 41ba08000000"
    "0f05"
)
RESTORER = 0x0400_0000


def without_stack(flags: int = RESTORER, prepare: str = "31e4") -> Guest:
    """A general protection fault with a handler; `prepare` (xor esp,esp) spoils the
    stack before."""
    guest = Guest(SIGACTION_SEGV + prepare + "f4" + EXIT)
    action = [CODE, flags, CODE, 0]
    guest.task.space.load(DATA, b"".join(v.to_bytes(8, "little") for v in action))
    return guest.run()


def test_a_handler_without_a_stack_ends_in_sigsegv() -> None:
    guest = without_stack()

    assert guest.exit_status == SIGSEGV
    assert guest.of(EventKind.SIGNAL_FRAME) == []


def test_a_handler_without_restorer_ends_in_sigsegv() -> None:
    assert without_stack(flags=0, prepare="9090").exit_status == SIGSEGV


def test_the_failed_frame_is_a_call_with_efault() -> None:
    calls = [
        e
        for e in without_stack().of(EventKind.CALL)
        if e["aux"] == Callee.setup_rt_frame
    ]

    assert [e["ret"] for e in calls] == [-14]


def test_a_return_without_a_frame_ends_in_sigsegv() -> None:
    guest = Guest("31e4 b80f000000 0f05").run()  # xor esp,esp; rt_sigreturn

    assert guest.exit_status == SIGSEGV


# Signals from outside.

#: mov eax,34; syscall (pause); then exit with what it returned.
PAUSE = "b822000000 0f05 89c7 f7df b83c000000 0f05"  # mov edi,eax; neg edi; exit


def test_pause_sleeps_until_a_handler_was_there() -> None:
    guest = Guest(PAUSE)
    handler = DATA + 0x100
    space, signals = guest.task.space, guest.task.process.signals
    space.load(handler, bytes.fromhex("c3"))  # ret to the restorer
    space.load(handler + 16, bytes.fromhex("b80f000000 0f05"))  # rt_sigreturn
    signals.actions[SIGUSR1] = Action(handler, RESTORER, handler + 16)
    guest.run()
    asleep = guest.exit_status

    guest.system.kernel.signal(guest.task, SIGUSR1, 0, 0)
    guest.run()

    assert (asleep, guest.exit_status) == (None, 4 << 8)  # EINTR


def test_a_signal_that_nobody_handles_ends_the_task_wherever_it_is() -> None:
    guest = Guest(PAUSE).run()

    guest.system.kernel.signal(guest.task, SIGUSR1, 0, 0)

    assert guest.exit_status == SIGUSR1


def test_a_blocked_signal_does_not_wake() -> None:
    guest = Guest(PAUSE).run()
    guest.task.process.signals.blocked = 1 << SIGUSR1 - 1

    guest.system.kernel.signal(guest.task, SIGUSR1, 0, 0)
    guest.run()

    assert guest.exit_status is None


def test_a_tracer_hears_of_a_signal_first_and_may_drop_it() -> None:
    guest = Guest("90" * 8 + EXIT, traced=True)
    guest.on_stop = lambda _stop: Resume(0)
    guest.system.kernel.signal(guest.task, SIGUSR1, 0, 0)
    guest.run()

    assert guest.stops[0][0] == SIGUSR1
    assert guest.exit_status == 0
