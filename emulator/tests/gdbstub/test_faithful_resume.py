"""c, s, C, D, k, R and ? of the kernel, and what it says at a stop."""

from __future__ import annotations

import pytest

from emulator.errors import KernelError
from emulator.gdbstub.actions import (
    Detach,
    Ended,
    Restart,
    Resume,
    ResumeKind,
    StopKind,
    StopReason,
    ThreadResume,
)
from emulator.gdbstub.hexadecimal import ThreadIdFormat
from emulator.tests.gdbstub.fake_target import (
    KGT0,
    FakeBreakpoints,
    FakeMemory,
    FakeTarget,
    FakeThreads,
    faithful,
)

V = 0xFFFFFFFFA0002600
ALL = ThreadResume(ResumeKind.CONTINUE)
STEP = (ThreadResume(ResumeKind.STEP, KGT0.thread_id), ALL)


def armed() -> FakeTarget:
    return FakeTarget(
        memory=FakeMemory(V),
        breakpoints=FakeBreakpoints(hardware=[], software=[V]),
    )


@pytest.mark.parametrize(
    ("packet", "action"),
    [
        (b"c", Resume((ALL,))),
        (b"s", Resume(STEP)),
        (b"c1000", Resume((ALL,), address=0x1000)),
        (b"s-1", Resume(STEP, address=0xFFFFFFFFFFFFFFFF)),
        (b"czz", Resume((ALL,))),
    ],
)
def test_resume(packet: bytes, action: Resume) -> None:
    client = faithful()

    assert client.ask(packet) is None
    assert client.last.actions == [action]


@pytest.mark.parametrize("packet", [b"c", b"s", b"C09"])
def test_no_other_thread_can_be_resumed(packet: bytes) -> None:
    """kgdb-6.x.md: Hc1 then c: E22."""
    client = faithful()
    client.ask(b"Hc1")

    assert client.ask(packet) == b"E22"
    assert client.last.actions == []


@pytest.mark.parametrize("chosen", [b"Hc0", b"Hc-1", b"Hc22", b"Hcfffffffe"])
def test_the_thread_that_stopped_can(chosen: bytes) -> None:
    client = faithful()
    client.ask(chosen)
    client.ask(b"c")

    assert client.last.actions == [Resume((ALL,))]


def test_a_stop_forgets_Hc() -> None:
    client = faithful()
    client.ask(b"Hc1")
    client.stub.stopped(StopReason())
    client.stub.feed(b"+")
    client.ask(b"c")

    assert client.last.actions == [Resume((ALL,))]


def test_C09_passes_the_exception_and_is_read_as_address_9() -> None:
    client = faithful()

    assert client.ask(b"C09") is None
    assert client.last.actions == [Resume((ALL,), address=9, pass_exception=True)]


def test_the_address_of_a_signal_can_be_switched_off() -> None:
    client = faithful(signal_is_read_as_address=False)
    client.ask(b"C09")

    assert client.last.actions == [Resume((ALL,), pass_exception=True)]


def test_a_C09_that_was_refused_still_passes_the_exception() -> None:
    client = faithful()
    client.ask(b"Hc1")
    client.ask(b"C09")
    client.ask(b"Hc0")
    client.ask(b"c")

    assert client.last.actions == [Resume((ALL,), pass_exception=True)]


def test_the_next_stop_does_not_pass_it() -> None:
    client = faithful()
    client.ask(b"C09")
    client.stub.stopped(StopReason())
    client.stub.feed(b"+")
    client.ask(b"c")

    assert client.last.actions == [Resume((ALL,))]


def test_C15_detaches_without_a_reply() -> None:
    target = armed()
    client = faithful(target)

    assert client.ask(b"C15") is None
    assert client.last.actions == [Detach(pass_exception=True)]
    assert target.breakpoints
    assert target.breakpoints.software == []


def test_another_signal_is_told_on_the_console_and_continues() -> None:
    """kgdb-6.x.md: C33: O packet with a message, then continues."""
    client = faithful()
    text = client.ask(b"C33")

    assert text
    assert text.startswith(b"O")
    assert b"only knows signal 9" in bytes.fromhex(text[1:].decode())
    assert client.last.actions == [Resume((ALL,), address=0x33)]


def test_it_continues_only_when_the_message_has_arrived() -> None:
    client = faithful()

    assert client.send(b"C33").actions == []
    assert not client.stub.running


def test_another_signal_is_an_error_in_old_kernels() -> None:
    assert faithful(unknown_signal_continues=False).ask(b"C33") == b"E22"


@pytest.mark.parametrize("packet", [b"D", b"D;1", b"Danything"])
def test_D(packet: bytes) -> None:
    client = faithful(armed())

    assert client.ask(packet) == b"OK"
    assert client.last.actions == [Detach()]


def test_D_leaves_only_when_its_reply_has_arrived() -> None:
    client = faithful()

    assert client.send(b"D").actions == []
    assert client.stub.feed(b"+").actions == [Detach()]


def test_D_clears_breakpoints() -> None:
    target = armed()
    faithful(target).ask(b"D")

    assert target.breakpoints
    assert target.breakpoints.software == []


def test_D_leaves_even_when_something_cannot_be_removed() -> None:
    class Stuck(FakeBreakpoints):
        def remove_all(self) -> None:
            raise KernelError(14, "text is gone")

    client = faithful(FakeTarget(breakpoints=Stuck()))

    assert client.ask(b"D") == b"E14"
    assert client.last.actions == [Detach()]


def test_k_leaves_without_a_reply() -> None:
    client = faithful(armed())

    assert client.ask(b"k") is None
    assert client.last.actions == [Detach()]


def test_R0_restarts() -> None:
    client = faithful()

    assert client.ask(b"R0") == b"OK"
    assert client.last.actions == [Restart()]


@pytest.mark.parametrize("packet", [b"R", b"R1", b"Rzz", b"R00"])
def test_no_other_R(packet: bytes) -> None:
    assert faithful().ask(packet) == b""


def test_a_question_for_the_state_clears_breakpoints() -> None:
    """Recorded: Z2, ?, then z2 is E01."""
    target = armed()
    client = faithful(target)
    client.ask(b"Z2,%x,8" % V)

    assert client.ask(b"?") == b"S05"
    assert client.ask(b"z2,%x,8" % V) == b"E01"


def test_the_state_names_the_signal_of_the_stop() -> None:
    client = faithful()
    client.stub.stopped(StopReason(signal=11))

    assert client.ask(b"?") == b"S0b"


@pytest.mark.parametrize(
    "packet",
    [b"", b"!", b"bc", b"i", b"t", b"vCont?", b"vMustReplyEmpty", b"vKill;1", b"3"],
)
def test_other_packets_are_unknown(packet: bytes) -> None:
    assert faithful().ask(packet) == b""


def test_QStartNoAckMode_is_unknown() -> None:
    assert faithful().ask(b"QStartNoAckMode") == b""


def announced(target: FakeTarget, reason: StopReason, **rules: object) -> list[bytes]:
    """What a client that has asked something hears of a stop."""
    client = faithful(target, **rules)
    client.ask(b"c")
    return [p.data for p in client.stub.stopped(reason).packets]


def test_a_stop() -> None:
    assert announced(FakeTarget(), StopReason()) == [b"T05thread:22;"]


def test_a_stop_of_an_idle_cpu() -> None:
    target = FakeTarget(threads=FakeThreads(current_cpu=1))

    assert announced(target, StopReason()) == [b"T05thread:fffffffd;"]


def test_a_stop_of_old_kernels() -> None:
    assert announced(FakeTarget(), StopReason(), thread_ids=ThreadIdFormat.WIDE) == [
        b"T05thread:0000000000000022;"
    ]


@pytest.mark.parametrize("kind", list(StopKind))
def test_the_kind_of_stop_is_not_told(kind: StopKind) -> None:
    assert announced(FakeTarget(), StopReason(5, kind, V)) == [b"T05thread:22;"]


def test_a_stop_with_another_signal() -> None:
    assert announced(FakeTarget(), StopReason(11)) == [b"T0bthread:22;"]


def test_a_stop_before_a_debugger_came_is_silent() -> None:
    assert faithful().stub.stopped(StopReason()).output == b""


@pytest.mark.parametrize("packet", [b"D", b"k", b"C15"])
def test_a_stop_after_the_debugger_left_is_silent(packet: bytes) -> None:
    """W8-bare-g.log: detached, the kernel stops, and answers a ? with S05."""
    client = faithful()
    client.ask(packet)

    assert client.stub.stopped(StopReason()).output == b""
    assert client.ask(b"?") == b"S05"


def test_the_end_is_told_to_a_debugger() -> None:
    client = faithful()
    client.ask(b"c")

    assert client.stub.ended(Ended(3)).output == b"$W03#ba"


def test_the_end_is_told_once() -> None:
    client = faithful()
    client.ask(b"c")
    client.stub.ended(Ended(3))

    assert client.stub.ended(Ended(3)).output == b""


def test_nobody_is_told_of_the_end_without_a_debugger() -> None:
    assert faithful().stub.ended(Ended(0)).output == b""
