"""qSupported, the beginning and the end, stop replies and errors of the full face."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from emulator.errors import KernelError
from emulator.gdbstub.actions import Detach, Ended, Kill, StopKind, StopReason
from emulator.gdbstub.target import BreakpointKind
from emulator.tests.gdbstub.fake_target import (
    KGT0,
    Client,
    FakeBreakpoints,
    FakeRegisters,
    FakeSurroundings,
    FakeTarget,
    FakeThreads,
    full,
)

#: What gdb 13.1 sends.
GDB_13 = (
    b"qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;fork-events+;"
    b"vfork-events+;exec-events+;vContSupported+;QThreadEvents+;no-resumed+;"
    b"memory-tagging+;xmlRegisters=i386"
)
RIP = 0xFFFFFFFFA0000024


def offers(target: FakeTarget, question: bytes = GDB_13) -> set[str]:
    answer = full(target).ask(question)
    assert answer is not None
    return set(answer.decode().split(";"))


def machine() -> FakeTarget:
    values = {"rip": RIP, "rsp": 0x2000, "rbp": 0x3000, "rax": 1}
    return FakeTarget(registers=FakeRegisters({KGT0.thread_id: values}))


def announced(
    target: FakeTarget, reason: StopReason, question: bytes = GDB_13
) -> bytes:
    client = full(target)
    client.ask(question)
    client.ask(b"c")
    (packet,) = client.stub.stopped(reason).packets
    return packet.data


def test_a_whole_target_offers_everything() -> None:
    assert offers(FakeTarget()) == {
        "PacketSize=4000",
        "error-message+",
        "QStartNoAckMode+",
        "vContSupported+",
        "swbreak+",
        "hwbreak+",
        "qXfer:features:read+",
        "qXfer:threads:read+",
        "qXfer:memory-map:read+",
        "qXfer:exec-file:read+",
        "binary-upload+",
    }


def test_a_target_of_threads_alone_offers_little() -> None:
    target = FakeTarget(
        registers=None,
        memory=None,
        breakpoints=None,
        resumption=None,
        monitor=None,
        surroundings=None,
    )

    assert offers(target) == {
        "PacketSize=4000",
        "error-message+",
        "QStartNoAckMode+",
        "qXfer:threads:read+",
    }


@pytest.mark.parametrize(
    ("kinds", "offered"),
    [
        ([BreakpointKind.SOFTWARE], {"swbreak+"}),
        ([BreakpointKind.WRITE], {"hwbreak+"}),
        ([], set()),
    ],
)
def test_breakpoints_are_offered_as_far_as_they_go(
    kinds: list[BreakpointKind], offered: set[str]
) -> None:
    target = FakeTarget(breakpoints=FakeBreakpoints(kinds=kinds))

    assert {o for o in offers(target) if "break" in o} == offered


@pytest.mark.parametrize(
    ("path", "regions", "offered"),
    [
        (None, (), {"qXfer:memory-map:read+"}),
        ("/boot/vmlinux", None, {"qXfer:exec-file:read+"}),
    ],
)
def test_documents_are_offered_as_far_as_there_are_any(
    path: str | None, regions: tuple[()] | None, offered: set[str]
) -> None:
    target = FakeTarget(surroundings=FakeSurroundings(path, regions))
    both = {"qXfer:memory-map:read+", "qXfer:exec-file:read+"}

    assert offers(target) & both == offered


def test_a_question_without_features_is_answered() -> None:
    assert "PacketSize=4000" in offers(FakeTarget(), b"qSupported")


def test_rubbish_in_the_question_is_passed_over() -> None:
    assert "PacketSize=4000" in offers(FakeTarget(), b"qSupported:;+;\xff\xfe+;=")


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"!",
        b"R",
        b"R0",
        b"vMustReplyEmpty",
        b"qTStatus",
        b"qSymbol::",
        b"qOffsets",
        b"qCRC:0,1",
        b"vAttach;1",
        b"vRun;",
        b"vFile:open:00",
        b"QNonStop:1",
        b"Qx",
        b"qXfer",
        b"bc",
        b"\xff",
    ],
)
def test_other_packets_are_unknown(packet: bytes) -> None:
    expected = b"E16" if packet == b"qXfer" else b""

    assert full().ask(packet) == expected


def test_a_stop_names_thread_cpu_and_registers() -> None:
    assert announced(machine(), StopReason()) == (
        b"T05thread:22;core:0;06:0030000000000000;07:0020000000000000;"
        b"10:240000a0ffffffff;"
    )


def test_a_stop_of_a_target_without_registers() -> None:
    assert announced(FakeTarget(registers=None), StopReason()) == (
        b"T05thread:22;core:0;"
    )


def test_a_stop_of_an_idle_cpu() -> None:
    target = FakeTarget(threads=FakeThreads(current_cpu=1))

    assert announced(target, StopReason()) == b"T05thread:fffffffd;core:1;"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (StopKind.WATCH, b"watch:ffffffffa0002600;"),
        (StopKind.RWATCH, b"rwatch:ffffffffa0002600;"),
        (StopKind.AWATCH, b"awatch:ffffffffa0002600;"),
        (StopKind.HWBREAK, b"hwbreak:;"),
        (StopKind.SWBREAK, b"swbreak:;"),
        (StopKind.SIGNAL, b""),
    ],
)
def test_a_stop_says_why(kind: StopKind, words: bytes) -> None:
    reply = announced(machine(), StopReason(5, kind, 0xFFFFFFFFA0002600))

    assert reply.startswith(b"T05" + words + b"thread:22;")


@pytest.mark.parametrize("kind", [StopKind.HWBREAK, StopKind.SWBREAK])
def test_an_old_gdb_is_not_told_words_it_does_not_know(kind: StopKind) -> None:
    reply = announced(machine(), StopReason(5, kind, RIP - 1), b"qSupported:foo+")

    assert reply.startswith(b"T05thread:22;")


def test_rip_is_put_back_onto_an_int3() -> None:
    reply = announced(machine(), StopReason(5, StopKind.SWBREAK, RIP - 1))

    assert b"10:230000a0ffffffff;" in reply


def test_rip_is_left_to_an_old_gdb() -> None:
    stop = StopReason(5, StopKind.SWBREAK, RIP - 1)

    assert b"10:240000a0ffffffff;" in announced(machine(), stop, b"qSupported")


def test_rip_is_put_back_once() -> None:
    """A user may have changed it before gdb asks again."""
    target = machine()
    client = full(target)
    client.ask(GDB_13)
    client.ask(b"c")
    client.stub.stopped(StopReason(5, StopKind.SWBREAK, RIP - 1))
    client.stub.feed(b"+")
    client.ask(b"P10=0010000000000000")
    client.ask(b"?")

    assert target.registers
    assert target.registers.values[KGT0.thread_id]["rip"] == 0x1000


def test_a_stop_that_nobody_waits_for_is_told_when_asked() -> None:
    client = full(machine())
    exchange = client.stub.stopped(StopReason(2))
    answer = client.ask(b"?")

    assert exchange.output == b""
    assert answer
    assert answer.startswith(b"T02thread:22;")


def test_the_state_keeps_breakpoints() -> None:
    target = machine()
    client = full(target)
    client.ask(b"Z2,1000,8")
    client.ask(b"?")

    assert target.breakpoints
    assert len(target.breakpoints.hardware) == 1


@pytest.mark.parametrize(
    ("end", "packet"),
    [(Ended(3), b"$W03#ba"), (Ended(signal=9), b"$X09#c1")],
)
def test_the_end(end: Ended, packet: bytes) -> None:
    client = full()
    client.ask(b"c")

    assert client.stub.ended(end).output == packet


def test_the_end_is_not_told_to_who_does_not_wait() -> None:
    assert full().stub.ended(Ended(3)).output == b""


@pytest.mark.parametrize(
    ("packet", "answer", "action"),
    [
        (b"D", b"OK", Detach()),
        (b"D;1", b"OK", Detach()),
        (b"k", None, Kill()),
        (b"vKill;1", b"OK", Kill()),
    ],
)
def test_leaving(packet: bytes, answer: bytes | None, action: Detach | Kill) -> None:
    target = FakeTarget(breakpoints=FakeBreakpoints(software=[1]))
    client = full(target)

    assert client.ask(packet) == answer
    assert client.last.actions == [action]
    assert target.breakpoints
    assert target.breakpoints.software == []


def test_who_has_left_does_not_leave_again() -> None:
    client = full()
    client.ask(b"D")

    assert client.stub.disconnect().actions == []


def test_the_target_was_there_before() -> None:
    assert full().ask(b"qAttached") == b"1"


def test_an_error_is_two_hexadecimal_digits() -> None:
    """gdb 13 sends no error-message+."""
    client = full()
    client.ask(GDB_13)

    assert client.ask(b"m0,4") == b"E0e"


def told(detail: str) -> Client:
    class Broken(FakeBreakpoints):
        def remove_all(self) -> None:
            raise KernelError(14, detail)

    client = full(FakeTarget(breakpoints=Broken()))
    client.ask(b"qSupported:error-message+")
    return client


def test_an_error_is_words_for_a_gdb_that_reads_them() -> None:
    assert told("text is gone").ask(b"D") == b"E.text is gone"


def test_words_hold_nothing_that_means_something_in_a_packet() -> None:
    assert told("a#b$c}d*é\n").ask(b"D") == b"E.a?b?c?d????"


def test_a_target_that_fails_does_not_keep_a_client_from_leaving() -> None:
    assert told("text is gone").stub.disconnect().actions == [Detach()]


def test_a_stop_is_told_even_when_registers_cannot_be_had() -> None:
    class Gone(FakeRegisters):
        def read(self, thread: int) -> Mapping[str, int]:
            raise KernelError(14, "gone")

        def write(self, thread: int, values: Mapping[str, int]) -> None:
            raise KernelError(14, "gone")

    stop = StopReason(5, StopKind.SWBREAK, RIP)

    assert announced(FakeTarget(registers=Gone()), stop) == (
        b"T05swbreak:;thread:22;core:0;"
    )
