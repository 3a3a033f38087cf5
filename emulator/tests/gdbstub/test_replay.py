"""The recorded sessions of real kernels, packet by packet, against the faithful face.

The target is loaded with what the log says of the machine: registers as in its g
replies, tasks, memory. What is under test is the stub; the machine itself is held
against the same logs elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from emulator.gdbstub.actions import Detach, Resume, StopReason
from emulator.gdbstub.faithful.face import FaithfulFace
from emulator.gdbstub.packet import encode
from emulator.gdbstub.rules import FaithfulRules
from emulator.gdbstub.stub import Stub
from emulator.tests.gdbstub import packet_log
from emulator.tests.gdbstub.fake_target import (
    IDLE0,
    IDLE1,
    FakeMemory,
    FakeRegisters,
    FakeTarget,
    FakeThreads,
    Task,
)
from emulator.tests.gdbstub.packet_log import Entry, Received, Sent, Silence

V = 0xFFFFFFFFA0002600
#: In the order of a g reply; model.md 6.5.
LONGS = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip"
INTS = "eflags cs ss"


def registers_of(image: bytes) -> dict[str, int]:
    """What a g reply says."""
    data = bytes.fromhex(image.decode())
    values = {}
    for name in LONGS.split():
        values[name] = int.from_bytes(data[:8], "little")
        data = data[8:]
    for name in INTS.split():
        values[name] = int.from_bytes(data[:4], "little")
        data = data[4:]
    return values


def thread_of(stop: bytes) -> int:
    """The pid in a T05thread:22;"""
    return int(stop.removeprefix(b"T05thread:").removesuffix(b";"), 16)


def conversation(
    entries: Sequence[Entry],
) -> Iterator[tuple[Sent | None, bytes | None]]:
    """What was sent and what came next; stops come unasked, some packets stay alone."""
    packets = [e for e in entries if isinstance(e, Sent | Received | Silence)]
    sent: Sent | None = None
    for entry in packets:
        if isinstance(entry, Received):
            yield sent, entry.data
            sent = None
            continue
        if sent is not None:
            yield sent, None
        sent = entry if isinstance(entry, Sent) else None
    if sent is not None:
        yield sent, None


class Kernel:
    """A stub whose machine stops as the log says."""

    def __init__(self, images: list[bytes]) -> None:
        self.images = images
        self.target = FakeTarget(
            threads=FakeThreads(running=[Task(0x22, "kgt0", cpu=0), IDLE1]),
            memory=FakeMemory(V),
        )
        self.stub = Stub(FaithfulFace(self.target, FaithfulRules()))
        self.stub.connect()

    def stop(self, thread: int) -> bytes:
        """The machine stops in this thread; the packet that says so."""
        task = Task(thread, "kgt", cpu=0)
        values = {thread: registers_of(self.images[0])} if self.images else {}
        self.target.threads.running = [task, IDLE1]
        self.target.threads.listed = [task]
        self.target.registers = FakeRegisters(values)
        exchange = self.stub.stopped(StopReason())
        self.stub.feed(b"+")
        return bytes(exchange.output)

    def ask(self, data: bytes) -> bytes:
        """A packet, acknowledged as the recording client did."""
        output = bytes(self.stub.feed(encode(data)).output)
        self.stub.feed(b"+")
        return output


@pytest.mark.parametrize("name", [n for n in packet_log.names() if n != "proto-bare-g"])
def test_a_recorded_session(name: str) -> None:
    entries = packet_log.load(name)
    images = [e.data for e in entries if isinstance(e, Received) and len(e.data) > 200]
    kernel = Kernel(images)
    for sent, answer in conversation(entries):
        if sent is not None and answer is not None and answer.startswith(b"T05"):
            # c or s: the acknowledgement, and then the machine runs into a stop.
            assert kernel.ask(sent.data) == b"+"
            sent = None
        if sent is None:
            assert answer is not None
            assert kernel.stop(thread_of(answer)) == encode(answer)
        elif answer is None:
            assert kernel.ask(sent.data) == b"+"
        else:
            if sent.data == b"?" and kernel.stub.running:
                # W8: detached, and the kernel stops again.
                assert kernel.stop(0x22) == b""
            assert kernel.ask(sent.data) == b"+" + encode(answer), sent
        if sent is not None and sent.data == b"g":
            images.pop(0)


def proto_machine() -> FakeTarget:
    """The facts of proto-bare-g.log."""
    entries = packet_log.load("proto-bare-g")
    images = [e.data for e in entries if isinstance(e, Received) and len(e.data) > 200]
    running, sleeping = map(registers_of, images)
    frame = {name: sleeping[name] for name in ("rbp", "rsp")}
    pids = [*range(1, 0x1C), 0x20, 0x22, 0x23, 0x24, 0x25]
    tasks = [Task(pid, "sh" if pid == 1 else f"task{pid}") for pid in pids]
    return FakeTarget(
        threads=FakeThreads(running=[Task(0x22, "kgt0", cpu=0), IDLE1], listed=tasks),
        registers=FakeRegisters({0x22: running, 1: frame}),
        memory=FakeMemory(V),
    )


def proto_packets() -> list[tuple[bytes, bytes | None]]:
    """What was asked, and what the kernel answered."""
    return [
        (sent.data, answer)
        for sent, answer in conversation(packet_log.load("proto-bare-g"))
        if sent is not None
    ]


@pytest.fixture(scope="module")
def proto_answers() -> list[bytes]:
    """What our stub answers to the same packets in the same order."""
    stub = Stub(FaithfulFace(proto_machine(), FaithfulRules()))
    stub.connect()
    answers = []
    for data, _ in proto_packets():
        answers.append(bytes(stub.feed(encode(data)).output))
        stub.feed(b"+")
    return answers


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(n, id=data.decode()[:30])
        for n, (data, _) in enumerate(proto_packets())
    ],
)
def test_a_recorded_packet(number: int, proto_answers: list[bytes]) -> None:
    _, answer = proto_packets()[number]
    expected = b"" if answer is None else b"+" + encode(answer)

    assert proto_answers[number] == expected


def test_the_recorded_packets_are_all_there() -> None:
    answered = [answer for _, answer in proto_packets() if answer is not None]

    assert (len(proto_packets()), len(answered)) == (47, 40)


def test_the_recorded_detach_is_one() -> None:
    """From D;1 on nothing is answered: the kernel runs."""
    stub = Stub(FaithfulFace(proto_machine(), FaithfulRules()))
    stub.feed(encode(b"D;1"))

    assert stub.feed(b"+").actions == [Detach()]


def test_the_recorded_sessions_resume_as_often_as_they_were_told_to() -> None:
    entries = packet_log.load("W5-bare-g")
    kernel = Kernel([])
    resumed = []
    for entry in entries:
        if isinstance(entry, Sent):
            if kernel.stub.running:
                kernel.stub.stopped(StopReason())
                kernel.stub.feed(b"+")
            exchange = kernel.stub.feed(encode(entry.data))
            resumed += [a for a in exchange.actions if isinstance(a, Resume)]
            kernel.stub.feed(b"+")

    assert [r.actions[0].kind.value for r in resumed] == list(
        "csscsssc"[:0] or "cssccsssc"
    )


def test_idle_tasks_have_the_recorded_names() -> None:
    names = {
        e.task
        for name in packet_log.names()
        for e in packet_log.load(name)
        if isinstance(e, packet_log.Snapshot)
    }

    assert {IDLE0.comm, IDLE1.comm} <= names
