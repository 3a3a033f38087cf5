"""Framing: emulator/gdbstub/packet.py."""

from __future__ import annotations

import pytest

from emulator.gdbstub.packet import (
    Framer,
    Framing,
    Problem,
    Received,
    checksum,
    encode,
    escape,
    unescape,
)
from emulator.tests.gdbstub import packet_log

LIMIT = 16
KERNEL = Framing(LIMIT, dollar_restarts=False, refuses_too_long=False)
MODERN = Framing(LIMIT, dollar_restarts=True, refuses_too_long=True)


def taken(framing: Framing, *pieces: bytes) -> list[bytes | Problem]:
    """What comes out of these bytes."""
    framer = Framer(framing)
    found: list[bytes | Problem] = []
    for piece in pieces:
        framer.push(piece)
        while (one := framer.take_packet()) is not None:
            found.append(one.problem or one.data)
    return found


@pytest.mark.parametrize("name", packet_log.names())
def test_recorded_packets_have_our_checksum(name: str) -> None:
    """The parser of the logs compares with its own sum; this is ours."""
    packets = [
        e.data
        for e in packet_log.load(name)
        if isinstance(e, packet_log.Sent | packet_log.Received)
    ]

    assert packets
    assert [p for p in packets if encode(p) != b"$%b#%02x" % (p, sum(p) % 256)] == []


@pytest.mark.parametrize(
    ("data", "framed"),
    [
        (b"?", b"$?#3f"),
        (b"", b"$#00"),
        (b"OK", b"$OK#9a"),
        (b"T05thread:22;", b"$T05thread:22;#0a"),
    ],
)
def test_encode(data: bytes, framed: bytes) -> None:
    assert encode(data) == framed


def test_the_checksum_is_modulo_256() -> None:
    assert checksum(b"\xff" * 3) == 0xFD


@pytest.mark.parametrize("framing", [KERNEL, MODERN])
def test_a_packet_arrives(framing: Framing) -> None:
    assert taken(framing, b"$g#67") == [b"g"]


@pytest.mark.parametrize("framing", [KERNEL, MODERN])
def test_a_packet_arrives_byte_by_byte(framing: Framing) -> None:
    assert taken(framing, *(bytes((b,)) for b in b"+$m0,4#fd")) == [b"m0,4"]


@pytest.mark.parametrize("framing", [KERNEL, MODERN])
def test_what_is_between_packets_is_skipped(framing: Framing) -> None:
    assert taken(framing, b"++\x03#67 g$g#67+-$?#3f") == [b"g", b"?"]


@pytest.mark.parametrize("digits", [b"68", b"6G", b"zz", b"0x", b" 7", b"+7", b"_7"])
def test_a_wrong_sum_is_noticed(digits: bytes) -> None:
    assert taken(MODERN, b"$g#" + digits + b"$?#3f") == [Problem.BAD_CHECKSUM, b"?"]


def test_upper_case_digits_are_a_sum() -> None:
    assert taken(MODERN, b"$k#6B") == [b"k"]


def test_a_dollar_restarts_for_the_full_face() -> None:
    assert taken(MODERN, b"$qSupp$g#67") == [Problem.BROKEN_OFF, b"g"]


def test_a_dollar_in_the_sum_restarts_for_the_full_face() -> None:
    assert taken(MODERN, b"$g#6$?#3f") == [Problem.BROKEN_OFF, b"?"]


def test_a_dollar_is_data_for_the_kernel() -> None:
    assert taken(KERNEL, b"$a$b#e7") == [b"a$b"]


def test_the_kernel_finds_the_packet_after_a_broken_one() -> None:
    assert taken(KERNEL, b"$qSupp$g#67", b"$g#67") == [Problem.BAD_CHECKSUM, b"g"]


@pytest.mark.parametrize("framing", [KERNEL, MODERN])
def test_the_longest_packet_arrives(framing: Framing) -> None:
    data = b"m" * LIMIT

    assert taken(framing, encode(data)) == [data]


@pytest.mark.parametrize("framing", [KERNEL, MODERN])
def test_a_longer_packet_does_not(framing: Framing) -> None:
    data = b"m" * (LIMIT + 1)

    assert taken(framing, encode(data), b"$g#67") == [Problem.TOO_LONG, b"g"]


@pytest.mark.parametrize("framing", [KERNEL, MODERN])
def test_a_packet_without_end_is_not_kept(framing: Framing) -> None:
    framer = Framer(framing)
    for _ in range(100):
        framer.push(b"$" + b"m" * 10_000)
        while framer.take_packet() is not None:
            pass

    assert framer.size <= LIMIT + 1


def test_a_sum_may_come_later() -> None:
    framer = Framer(MODERN)
    framer.push(b"$g#6")

    assert framer.take_packet() is None
    framer.push(b"7")
    assert framer.take_packet() == Received(b"g")


def test_ctrl_c_is_found_while_the_machine_runs() -> None:
    framer = Framer(MODERN)
    framer.push(b"+$g#67\x03+")

    assert framer.take_interrupt()
    assert framer.size == 0


def test_no_ctrl_c() -> None:
    framer = Framer(MODERN)
    framer.push(b"$g#67")

    assert not framer.take_interrupt()


@pytest.mark.parametrize(
    ("data", "escaped"),
    [
        (b"abc", b"abc"),
        (b"#$}*", b"}\x03}\x04}]}\x0a"),
        (b"\x00\xff", b"\x00\xff"),
    ],
)
def test_escape(data: bytes, escaped: bytes) -> None:
    assert escape(data) == escaped
    assert unescape(escaped) == data


@pytest.mark.parametrize(
    ("escaped", "data"),
    [
        (b"a}", b"a"),
        (b"}}}}", b"]]"),
        (b"}]}\x03x", b"}#x"),
        (b"}}b", b"]b"),
        (b"}}}x", b"]X"),
    ],
)
def test_unescape_of_what_escape_never_makes(escaped: bytes, data: bytes) -> None:
    assert unescape(escaped) == data
