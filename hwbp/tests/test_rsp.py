"""The client's side of the GDB protocol, against the protocol's own documentation (gdb's
manual, appendix E): its packets, its examples of run-length encoding and of stops."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from hwbp.rsp import (
    Broken,
    Framer,
    Outcome,
    Refused,
    Session,
    Stop,
    expand,
    frame,
    parse_stop,
)


def packets(*pieces: bytes) -> list[bytes | None]:
    framer = Framer()
    return [packet for piece in pieces for packet in framer.feed(piece)]


def test_a_packet_has_its_sum_modulo_256() -> None:
    # 'O' + 'K' = 0x4f + 0x4b = 0x9a
    assert frame(b"OK") == b"$OK#9a"


def test_a_packet_is_found_between_acknowledgements() -> None:
    assert packets(b"++$OK#9a+") == [b"OK"]


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_packet_may_be_cut_anywhere(cut: int) -> None:
    whole = b"$OK#9a"

    assert packets(whole[:cut], whole[cut:]) == [b"OK"]


def test_a_wrong_sum_is_no_packet() -> None:
    assert packets(b"$OK#9b") == [None]


def test_two_packets_at_once_are_two() -> None:
    assert packets(b"$OK#9a$#00") == [b"OK", b""]


def test_runs_are_expanded() -> None:
    # The manual: "0* " encodes 0000.
    assert expand(b"0* ") == b"0000"


def test_a_packet_without_end_is_given_up() -> None:
    with pytest.raises(Broken, match="more than"):
        packets(b"$" + b"x" * (1 << 20) + b"x")


@pytest.mark.parametrize(
    ("packet", "stop"),
    [
        (b"S05", Stop(5)),
        (b"T05thread:64;hwbreak:;", Stop(5, 0x64, "hwbreak")),
        (b"T05thread:64;swbreak:;", Stop(5, 0x64, "swbreak")),
        (b"T05watch:402000;thread:64;", Stop(5, 0x64, "watch", 0x402000)),
        (b"T05rwatch:402000;", Stop(5, None, "rwatch", 0x402000)),
        (b"T05awatch:402000;", Stop(5, None, "awatch", 0x402000)),
        (b"T0506:1122334455667788;thread:1;", Stop(5, 1)),
        (b"W07", Stop(7, exited=True)),
        (b"X0b", Stop(11, exited=True)),
    ],
)
def test_a_stop_is_understood(packet: bytes, stop: Stop) -> None:
    assert parse_stop(packet) == stop


@pytest.mark.parametrize("packet", [b"OK", b"", b"E01", b"m1,2"])
def test_another_packet_is_no_stop(packet: bytes) -> None:
    assert parse_stop(packet) is None


@pytest.mark.parametrize("packet", [b"Sxx", b"T05thread:zz;", b"T05watch:;"])
def test_a_stop_that_does_not_read_is_an_error(packet: bytes) -> None:
    with pytest.raises(Broken):
        parse_stop(packet)


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (Stop(5, kind="watch", address=0x402000), "watch 0x402000"),
        (Stop(5, kind="hwbreak"), "breakpoint"),
        (Stop(2), "interrupted"),
        (Stop(11), "signal 11"),
        (Stop(7, exited=True), "ended with 7"),
    ],
)
def test_a_stop_in_words(stop: Stop, words: str) -> None:
    assert stop.words == words


class Line:
    """A session, what it sent, and what came of it."""

    def __init__(self) -> None:
        self.stops: list[Stop] = []
        self.outcomes: list[Outcome] = []
        self.session = Session(self.stops.append)

    def begin(self, talk: Any) -> None:
        self.session.begin(talk, self.outcomes.append)

    @property
    def sent(self) -> bytes:
        return self.session.take_output()

    def hear(self, *replies: bytes) -> None:
        for reply in replies:
            self.session.feed(frame(reply))


def one(packet: bytes) -> Generator[bytes, bytes, bytes]:
    reply: bytes = yield packet
    if reply == b"E01":
        raise Refused("error 01")
    return reply


def test_a_conversation_gets_its_reply() -> None:
    line = Line()
    line.begin(one(b"g"))
    sent = line.sent
    line.hear(b"00")

    assert (sent, line.outcomes) == (b"$g#67", [Outcome(b"00")])


def test_each_reply_is_acknowledged_until_that_is_switched_off() -> None:
    line = Line()
    line.begin(one(b"g"))
    line.begin(one(b"?"))
    line.hear(b"00")
    first = line.sent
    line.session.no_more_acknowledgements()
    line.hear(b"S05")

    assert (first, line.sent) == (b"$g#67+$?#3f", b"")


def test_a_damaged_reply_is_asked_for_again() -> None:
    line = Line()
    line.begin(one(b"g"))
    assert line.sent
    line.session.feed(b"$00#ff")

    assert line.sent == b"-"


def test_conversations_wait_for_each_other() -> None:
    line = Line()
    line.begin(one(b"g"))
    line.begin(one(b"?"))

    assert line.sent == b"$g#67"


def test_an_error_ends_a_conversation_but_not_the_next() -> None:
    line = Line()
    line.begin(one(b"g"))
    line.begin(one(b"?"))
    line.hear(b"E01", b"S05")

    assert [type(o.error) for o in line.outcomes] == [Refused, type(None)]


def test_a_stop_ends_the_running() -> None:
    line = Line()
    line.session.resume(b"vCont;c")
    ran = line.session.running
    line.hear(b"S05")

    assert (ran, line.session.running, line.stops) == (True, False, [Stop(5)])


def test_conversations_wait_for_the_stop() -> None:
    line = Line()
    line.session.resume(b"vCont;c")
    assert line.sent
    line.begin(one(b"g"))
    before = line.sent
    line.hear(b"S05")

    assert (before, line.sent) == (b"", b"+$g#67")


def test_words_of_the_program_are_no_stop() -> None:
    line = Line()
    line.session.resume(b"vCont;c")
    line.hear(b"O48656c6c6f0a")

    assert line.session.running


def test_the_running_machine_is_interrupted_by_one_byte() -> None:
    line = Line()
    line.session.resume(b"c")
    assert line.sent
    line.session.interrupt()

    assert line.sent == b"\x03"


def test_the_machine_is_not_let_go_twice() -> None:
    line = Line()
    line.session.resume(b"c")

    with pytest.raises(Broken):
        line.session.resume(b"c")


def test_a_lost_connection_ends_every_conversation() -> None:
    line = Line()
    line.begin(one(b"g"))
    line.begin(one(b"?"))
    line.session.close("the run is over")

    assert [str(o.error) for o in line.outcomes] == ["the run is over"] * 2
