"""What must hold whatever a client sends. Hypothesis, the corpus and atheris use it."""

from __future__ import annotations

import tarfile
from functools import cache
from pathlib import Path

from emulator.gdbstub.actions import (
    Action,
    Detach,
    HangUp,
    Interrupt,
    Kill,
    Restart,
    Resume,
    StopKind,
    StopReason,
)
from emulator.gdbstub.faithful.face import FaithfulFace
from emulator.gdbstub.full.face import FullFace
from emulator.gdbstub.hexadecimal import ThreadIdFormat
from emulator.gdbstub.packet import encode
from emulator.gdbstub.rules import FaithfulRules
from emulator.gdbstub.stub import OUTPUT_LIMIT, Exchange, Face, Stub
from emulator.tests.gdbstub.fake_target import (
    KGT0,
    FakeMemory,
    FakeRegisters,
    FakeTarget,
)

CORPUS = Path(__file__).with_name("fuzz-corpus.tar.xz")
#: A packet of the full face, its frame, and some room for a long reply.
MOST_KEPT = 0x4000 + 8
MOST_OUTPUT = OUTPUT_LIMIT + 0x8000
_ADDRESSES = 0x1000, 0xFFFFFFFFA0002600
_VALUES = {"rax": 1, "rip": 0x1000, "rsp": 0x1800, "rbp": 0x1900, "eflags": 0x202}
#: A kernel unlike the recorded one.
OLD = FaithfulRules(
    thread_ids=ThreadIdFormat.WIDE,
    image_has_ds_es=False,
    single_registers=False,
    sleeping_flags_cs_ss=True,
    read_errno_kept=True,
    reads_kernel_only=False,
    query_mismatch_is_error=True,
    unknown_signal_continues=False,
)


def target() -> FakeTarget:
    """A target with two pages and registers."""
    return FakeTarget(
        registers=FakeRegisters({KGT0.thread_id: dict(_VALUES)}),
        memory=FakeMemory(*_ADDRESSES),
    )


def face(number: int) -> Face:
    """Full, or the kernel recorded, or an old one."""
    match number % 4:
        case 0:
            return FaithfulFace(target(), FaithfulRules())
        case 1:
            return FaithfulFace(target(), OLD)
        case _:
            return FullFace(target())


def survives(data: bytes) -> bool:
    """Feed it and check each step; whether a packet behind it is answered. The first byte
    chooses a face, the second the pieces."""
    number, piece, rest = data[0], data[1], data[2:]
    stub = Stub(face(number))
    stub.connect()
    size = piece or len(rest) or 1
    for start in range(0, len(rest), size):
        _check(stub, stub.feed(rest[start : start + size]))
        if stub.running:
            kind = list(StopKind)[start % len(StopKind)]
            _check(stub, stub.stopped(StopReason(5, kind, 0x1000)))
    answered = recovers(stub)
    _check(stub, stub.disconnect())
    return answered


def recovers(stub: Stub) -> bool:
    """Whether a well-behaved client gets an answer, repeating itself as gdb does."""
    for _ in range(4):
        if stub.running:
            stub.stopped(StopReason())
        output = stub.feed(b"+" + encode(b"qC")).output
        if b"$QC22#f8" in output or b"$QC0000000000000022#" in output:
            return True
    return False


def _check(stub: Stub, exchange: Exchange) -> None:
    assert stub.kept <= MOST_KEPT
    assert len(exchange.output) <= MOST_OUTPUT
    known = Resume, Detach, Kill, Restart, Interrupt, HangUp
    assert all(isinstance(action, known) for action in _actions(exchange))


def _actions(exchange: Exchange) -> list[Action]:
    return exchange.actions


@cache
def corpus() -> dict[str, bytes]:
    """Inputs that reach all that atheris found to reach."""
    found = {}
    with tarfile.open(CORPUS) as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            found[member.name] = content.read()
    return found
