"""H, T and the thread queries of the kernel."""

from __future__ import annotations

import pytest

from emulator.gdbstub.actions import StopReason
from emulator.gdbstub.hexadecimal import ThreadIdFormat
from emulator.tests.gdbstub.fake_target import (
    KGT0,
    KGT1,
    FakeTarget,
    FakeThreads,
    Task,
    faithful,
)


def crowd(number: int) -> FakeTarget:
    """Tasks 1 to number."""
    tasks = [Task(pid, f"t{pid}") for pid in range(1, number + 1)]
    return FakeTarget(threads=FakeThreads(listed=tasks))


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        (b"Hg0", b"OK"),
        (b"Hg-1", b"OK"),
        (b"Hg1", b"OK"),
        (b"Hgfffffffe", b"OK"),
        (b"Hgfffffffd", b"OK"),
        (b"Hg-2", b"OK"),
        (b"Hg", b"OK"),
        (b"Hg7777", b"E22"),
        (b"Hgfffffffc", b"E22"),
        (b"Hg80000000", b"E22"),
        (b"Hc0", b"OK"),
        (b"Hc-1", b"OK"),
        (b"Hc1", b"OK"),
        (b"Hc7777", b"E22"),
        (b"Hx0", b""),
        (b"H", b""),
        (b"T1", b"OK"),
        (b"T01", b"OK"),
        (b"T", b"OK"),
        (b"Tfffffffe", b"OK"),
        (b"T7777", b"E22"),
        (b"qC", b"QC22"),
        (b"qCRC:0,1", b"QC22"),
    ],
)
def test_answers(packet: bytes, answer: bytes) -> None:
    assert faithful().ask(packet) == answer


def test_a_thread_id_is_an_int() -> None:
    assert faithful().ask(b"Hg100000001") == b"OK"


def test_the_shadow_of_a_cpu_is_the_task_on_it() -> None:
    """So registers of a shadow thread can be changed."""
    client = faithful()
    client.ask(b"Hgfffffffe")

    assert client.ask(b"P0=0") == b"OK"


def test_qC_of_an_idle_cpu_is_its_shadow() -> None:
    target = FakeTarget(threads=FakeThreads(current_cpu=1))

    assert faithful(target).ask(b"qC") == b"QCfffffffd"


def test_a_stop_chooses_the_thread_that_stopped() -> None:
    target = FakeTarget(threads=FakeThreads(running=[KGT0, KGT1]))
    client = faithful(target)
    client.ask(b"Hg1")
    client.ask(b"c")
    client.stub.stopped(StopReason())
    client.stub.feed(b"+")

    assert client.ask(b"P0=0") == b"OK"


def test_the_list_begins_with_the_cpus() -> None:
    """Recorded: mfffffffe,fffffffd,01,…: two shadows and 17 tasks."""
    answer = faithful(crowd(20)).ask(b"qfThreadInfo")

    assert answer == (
        b"mfffffffe,fffffffd,01,02,03,04,05,06,07,08,09,0a,0b,0c,0d,0e,0f,10,11"
    )


def test_the_list_goes_on_with_tasks() -> None:
    client = faithful(crowd(20))
    client.ask(b"qfThreadInfo")

    assert client.ask(b"qsThreadInfo") == b"m12,13,14"


def test_the_list_ends_with_an_empty_reply() -> None:
    client = faithful(crowd(17))
    client.ask(b"qfThreadInfo")

    assert client.ask(b"qsThreadInfo") == b""


def test_the_list_can_be_asked_for_again() -> None:
    client = faithful(crowd(17))
    first = client.ask(b"qfThreadInfo")
    client.ask(b"qsThreadInfo")

    assert client.ask(b"qfThreadInfo") == first


def test_the_rest_of_the_list_without_its_beginning() -> None:
    assert faithful(crowd(2)).ask(b"qsThreadInfo") == b"m01,02"


def test_a_large_pid_has_whole_bytes() -> None:
    target = FakeTarget(threads=FakeThreads(listed=[Task(0x12345, "big")]))

    assert faithful(target).ask(b"qsThreadInfo") == b"m012345"


def test_thread_ids_of_old_kernels_are_wide() -> None:
    """model.md 6.5: 0000000000000001; swapper of cpu 0 00000000fffffffe."""
    client = faithful(crowd(1), thread_ids=ThreadIdFormat.WIDE)

    assert client.ask(b"qfThreadInfo") == (
        b"m00000000fffffffe,00000000fffffffd,0000000000000001"
    )


@pytest.mark.parametrize(
    ("thread", "answer"),
    [
        pytest.param(b"01", b"73680000000000000000000000000000", id="recorded-sh"),
        pytest.param(b"fffffffe", b"736861646f7743505530", id="recorded-shadowCPU0"),
        pytest.param(b"fffffffd", b"736861646f7743505531", id="shadowCPU1"),
        pytest.param(b"7777", b"E22", id="unknown"),
    ],
)
def test_extra_info(thread: bytes, answer: bytes) -> None:
    assert faithful().ask(b"qThreadExtraInfo," + thread) == answer


def test_comm_is_at_most_15_bytes() -> None:
    target = FakeTarget(threads=FakeThreads(listed=[Task(1, "x" * 30)]))

    assert faithful(target).ask(b"qThreadExtraInfo,1") == b"78" * 15 + b"00"


@pytest.mark.parametrize(
    "packet",
    [
        b"qSupported:xmlRegisters=i386",
        b"qTStatus",
        b"qAttached",
        b"qOffsets",
        b"qSymbol::",
        b"qRcmd,68656c70",
        b"qXfer:features:read:target.xml:0,100",
        b"qfProcessInfo",
        b"q",
        b"qThreadExtraInfo",
    ],
)
def test_other_queries_are_unknown(packet: bytes) -> None:
    assert faithful().ask(packet) == b""


@pytest.mark.parametrize("packet", [b"qfProcessInfo", b"qsFoo", b"qTStatus"])
def test_some_are_errors_in_old_kernels(packet: bytes) -> None:
    assert faithful(query_mismatch_is_error=True).ask(packet) == b"E22"


def test_no_name_breaks_the_reply() -> None:
    target = FakeTarget(threads=FakeThreads(listed=[Task(1, "\ud800")]))

    assert faithful(target).ask(b"qThreadExtraInfo,1") == b"3f" + b"00" * 15
