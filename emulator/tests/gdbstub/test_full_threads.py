"""H, T and the thread queries of the full face."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from emulator.tests.gdbstub.fake_target import FakeTarget, FakeThreads, Task, full


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        (b"qC", b"QC22"),
        (b"Hg0", b"OK"),
        (b"Hg-1", b"OK"),
        (b"Hg22", b"OK"),
        (b"Hgfffffffd", b"OK"),
        (b"Hg-3", b"OK"),
        (b"Hc1", b"OK"),
        (b"Hg7777", b"E16"),
        (b"Hg-4", b"E16"),
        (b"Hg", b"E16"),
        (b"Hgzz", b"E16"),
        (b"Hg1x", b"E16"),
        (b"Hx0", b"E16"),
        (b"H", b"E16"),
        (b"T22", b"OK"),
        (b"T-3", b"OK"),
        (b"T1", b"OK"),
        (b"T7777", b"E16"),
        (b"T0", b"E16"),
        (b"T", b"E16"),
        (b"qThreadExtraInfo,22", b"kgt0, on CPU 0".hex().encode()),
        (b"qThreadExtraInfo,1", b"sh, sleeping".hex().encode()),
        (b"qThreadExtraInfo,fffffffd", b"swapper/1, on CPU 1".hex().encode()),
        (b"qThreadExtraInfo,7777", b"E16"),
        (b"qThreadExtraInfo", b"E16"),
    ],
)
def test_answers(packet: bytes, answer: bytes) -> None:
    assert full().ask(packet) == answer


def test_the_shadow_of_a_busy_cpu_is_no_thread_of_its_own() -> None:
    assert full().ask(b"Tfffffffe") == b"E16"


def test_the_list_is_cpus_then_sleepers() -> None:
    client = full()

    assert client.ask(b"qfThreadInfo") == b"m22,fffffffd,1,b"
    assert client.ask(b"qsThreadInfo") == b"l"


def test_a_long_list_comes_in_pieces() -> None:
    tasks = [Task(pid, "t") for pid in range(1, 5001)]
    client = full(FakeTarget(threads=FakeThreads(listed=tasks)))
    pieces = []
    packet = b"qfThreadInfo"
    while (answer := client.ask(packet)) != b"l":
        assert answer
        assert len(answer) <= 0x4000
        pieces.append(answer)
        packet = b"qsThreadInfo"

    ids = b",".join(p[1:] for p in pieces).split(b",")
    assert len(pieces) > 1
    assert len(ids) == len(set(ids)) == 5001


def test_the_rest_of_a_list_that_nobody_began() -> None:
    assert full().ask(b"qsThreadInfo") == b"l"


def test_the_document_names_threads() -> None:
    answer = full().ask(b"qXfer:threads:read::0,4000")

    assert answer
    threads = ET.fromstring(answer[1:])
    assert [t.attrib for t in threads] == [
        {"id": "22", "core": "0", "name": "kgt0"},
        {"id": "fffffffd", "core": "1", "name": "swapper/1"},
        {"id": "1", "name": "sh"},
        {"id": "b", "name": "rcu_sched"},
    ]
    assert [t.text for t in threads] == ["on CPU 0", "on CPU 1", "sleeping", "sleeping"]


def test_a_name_may_be_anything() -> None:
    """comm is whatever a program calls itself."""
    target = FakeTarget(threads=FakeThreads(listed=[Task(1, '<&">}$#*')]))
    client = full(target)
    client.ask(b"QStartNoAckMode")
    answer = client.ask(b"qXfer:threads:read::0,4000")

    assert answer
    assert b"#" not in answer
    assert b"&lt;&amp;" in answer


@pytest.mark.parametrize("comm", ["\x01\x1f", "caf\xe9", "\ud800", "\uffff"])
def test_no_name_spoils_the_document(comm: str) -> None:
    target = FakeTarget(threads=FakeThreads(listed=[Task(1, comm)]))
    answer = full(target).ask(b"qXfer:threads:read::0,4000")

    assert answer
    assert ET.fromstring(answer[1:])[-1].attrib["id"] == "1"


def test_no_name_spoils_the_extra_info() -> None:
    target = FakeTarget(threads=FakeThreads(listed=[Task(1, "\ud800")]))

    assert full(target).ask(b"qThreadExtraInfo,1") == b"?, sleeping".hex().encode()
