"""Conversations with a stub, packet by packet as gdb's manual has them (appendix E)."""

from __future__ import annotations

from typing import Any

import pytest

from hwbp import rsp_talks
from hwbp.rsp import Broken, Refused, Session, Stop, Talk
from hwbp.rsp_talks import Point, Register, Thread

RAX, RIP, FLAGS = (
    Register("rax", 0, 64),
    Register("rip", 16, 64),
    Register("eflags", 17, 32),
)


def hold(talk: Talk, script: dict[bytes, bytes]) -> Any:
    """Answer each packet as the script says; what came of it."""
    packet = next(talk)
    while True:
        try:
            packet = talk.send(script[packet])
        except StopIteration as end:
            return end.value


def said(talk: Talk) -> list[bytes]:
    """The packets of a talk to which a stub says OK."""
    packets = [next(talk)]
    while True:
        try:
            packets.append(talk.send(b"OK"))
        except StopIteration:
            return packets


def test_the_greeting_tells_why_the_machine_stands() -> None:
    session = Session(lambda stop: None)
    script = {
        rsp_talks._FEATURES: b"PacketSize=4000",
        b"QStartNoAckMode": b"OK",
        b"?": b"T05thread:64;",
    }

    assert hold(rsp_talks.handshake(session), script) == Stop(5, 0x64)


def test_a_stub_without_no_ack_mode_is_greeted_too() -> None:
    session = Session(lambda stop: None)
    script = {rsp_talks._FEATURES: b"", b"QStartNoAckMode": b"", b"?": b"S05"}

    assert hold(rsp_talks.handshake(session), script) == Stop(5)


def test_registers_are_described_in_pieces() -> None:
    xml = (
        b'<target><feature name="a"><reg name="rax" bitsize="64"/>'
        b'<reg name="rip" bitsize="64" regnum="16"/><reg name="eflags" bitsize="32"/>'
        b"</feature></target>"
    )
    script = {
        b"qXfer:features:read:target.xml:0,1000": b"m" + xml[:50],
        b"qXfer:features:read:target.xml:32,1000": b"l" + xml[50:],
    }

    assert hold(rsp_talks.describe(), script) == (RAX, RIP, FLAGS)


def test_a_description_that_does_not_read_is_an_error() -> None:
    with pytest.raises(Broken):
        hold(rsp_talks.describe(), {b"qXfer:features:read:target.xml:0,1000": b"l<"})


def test_threads_have_names_and_places() -> None:
    script = {
        b"qfThreadInfo": b"m64",
        b"qsThreadInfo": b"mfffffffd",
        b"qThreadExtraInfo,64": b"counter, on CPU 0".hex().encode(),
        b"qThreadExtraInfo,fffffffd": b"swapper/1, on CPU 1".hex().encode(),
    }
    talk = rsp_talks.threads()
    replies = iter([b"m64", b"mfffffffd", b"l"])
    script_of_lists = {b"qfThreadInfo", b"qsThreadInfo"}

    packet = next(talk)
    try:
        while True:
            known = next(replies) if packet in script_of_lists else script[packet]
            packet = talk.send(known)
    except StopIteration as end:
        found = end.value

    assert found == (
        Thread(0x64, "counter", "on CPU 0"),
        Thread(-3, "swapper/1", "on CPU 1"),
    )


def test_few_registers_are_read_one_by_one() -> None:
    script = {b"p10": b"0010400000000000"}

    values = hold(rsp_talks.read_registers((RAX, RIP), ["rip"]), script)

    assert values == {"rip": 0x401000}


def test_many_registers_are_read_at_once() -> None:
    described = [Register(f"r{n}", n, 64) for n in range(8)]
    image = b"".join(n.to_bytes(8, "little").hex().encode() for n in range(8))

    values = hold(rsp_talks.read_registers(described), {b"g": image})

    assert values == {f"r{n}": n for n in range(8)}


def test_a_register_that_is_not_known_has_no_value() -> None:
    assert hold(rsp_talks.read_registers((RAX,)), {b"p0": b"x" * 16}) == {"rax": None}


def test_registers_of_another_thread_are_asked_for_by_its_number() -> None:
    script = {b"Hg65": b"OK", b"p0": b"0100000000000000"}

    assert hold(rsp_talks.read_registers((RAX,), thread=0x65), script) == {"rax": 1}


def test_an_idle_cpu_is_a_thread_of_32_bits() -> None:
    script = {b"Hgfffffffe": b"OK", b"p0": b"0100000000000000"}

    assert hold(rsp_talks.read_registers((RAX,), thread=-2), script) == {"rax": 1}


def test_a_register_is_written_little_endian() -> None:
    written = rsp_talks.write_registers({"eflags": FLAGS}, {"eflags": 0x246})

    assert said(written) == [b"P11=46020000"]


def test_memory_comes_in_pieces() -> None:
    script = {
        b"m401000,1000": b"00" * 0x1000,
        b"m402000,10": b"11" * 0x10,
    }

    data = hold(rsp_talks.read_memory(0x401000, 0x1010), script)

    assert data == b"\0" * 0x1000 + b"\x11" * 0x10


def test_memory_ends_where_the_mapping_does() -> None:
    script = {b"m401000,1000": b"00" * 0x1000, b"m402000,1000": b"E0e"}

    assert len(hold(rsp_talks.read_memory(0x401000, 0x2000), script)) == 0x1000


def test_memory_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refused, match="0e"):
        hold(rsp_talks.read_memory(0, 8), {b"m0,8": b"E0e"})


def test_an_error_in_words_is_passed_on() -> None:
    with pytest.raises(Refused, match="not mapped"):
        hold(rsp_talks.read_memory(0, 8), {b"m0,8": b"E.not mapped"})


def test_memory_is_written() -> None:
    assert said(rsp_talks.write_memory(0x402000, b"\x05\0")) == [b"M402000,2:0500"]


@pytest.mark.parametrize(
    ("kind", "packet"),
    [
        (Point.BREAK, b"Z1,402000,4"),
        (Point.WATCH, b"Z2,402000,4"),
        (Point.RWATCH, b"Z3,402000,4"),
        (Point.AWATCH, b"Z4,402000,4"),
    ],
)
def test_a_breakpoint_has_the_protocols_number(kind: Point, packet: bytes) -> None:
    assert said(rsp_talks.insert(kind, 0x402000, 4)) == [packet]


def test_a_breakpoint_is_taken_away() -> None:
    assert said(rsp_talks.remove(Point.WATCH, 0x402000, 4)) == [b"z2,402000,4"]


def test_what_the_stub_does_not_know_is_refused() -> None:
    with pytest.raises(Refused, match="not supported"):
        hold(rsp_talks.insert(Point.RWATCH, 0x402000, 4), {b"Z3,402000,4": b""})


def test_a_thread_is_stepped_alone() -> None:
    assert rsp_talks.step_packet(0x64) == b"vCont;s:64"
