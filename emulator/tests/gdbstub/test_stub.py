"""The stub itself: acknowledgements, clients that come, go and misbehave."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulator.errors import ClientBusy
from emulator.gdbstub.actions import (
    Detach,
    HangUp,
    Interrupt,
    Resume,
    ResumeKind,
    StopReason,
    ThreadResume,
)
from emulator.gdbstub.faithful.face import FaithfulFace
from emulator.gdbstub.outbox import MOST_RESENDS
from emulator.gdbstub.packet import Problem, encode
from emulator.gdbstub.rules import FaithfulRules
from emulator.gdbstub.stub import OUTPUT_LIMIT, Direction, Packet, Stub
from emulator.tests.gdbstub.fake_target import (
    Client,
    FakeMonitor,
    FakeTarget,
    faithful,
    full,
)

CONTINUE = Resume((ThreadResume(ResumeKind.CONTINUE),))
FACES = pytest.mark.parametrize("client", [faithful, full], ids=["faithful", "full"])


@FACES
def test_a_packet_is_acknowledged_before_it_is_answered(
    client: Callable[[], Client],
) -> None:
    assert client().stub.feed(b"$qC#b4").output == b"+$QC22#f8"


@FACES
def test_a_damaged_packet_is_asked_for_again(client: Callable[[], Client]) -> None:
    exchange = client().stub.feed(b"$qC#b5")

    assert exchange.output == b"-"
    assert exchange.problems == {Problem.BAD_CHECKSUM: 1}
    assert exchange.packets == []


@FACES
def test_packets_are_recorded_unframed_and_in_order(
    client: Callable[[], Client],
) -> None:
    exchange = client().stub.feed(b"$qC#b4+$!#21")

    assert exchange.packets == [
        Packet(Direction.IN, b"qC"),
        Packet(Direction.OUT, b"QC22"),
        Packet(Direction.IN, b"!"),
        Packet(Direction.OUT, b""),
    ]


@FACES
def test_a_reply_is_sent_again_on_demand(client: Callable[[], Client]) -> None:
    stub = client().stub
    stub.feed(b"$qC#b4")
    again = stub.feed(b"-")

    assert again.output == b"$QC22#f8"
    assert again.packets == []


@FACES
def test_nothing_is_sent_again_once_it_is_acknowledged(
    client: Callable[[], Client],
) -> None:
    stub = client().stub
    stub.feed(b"$qC#b4+")

    assert stub.feed(b"-").output == b""


@FACES
def test_who_asks_for_ever_is_hung_up_on(client: Callable[[], Client]) -> None:
    stub = client().stub
    stub.feed(b"$qC#b4")
    exchange = stub.feed(b"-" * 1_000_000)

    assert exchange.output == b"$QC22#f8" * MOST_RESENDS
    assert exchange.actions == [HangUp("reply not acknowledged")]
    assert exchange.problems == {Problem.NOT_ACKNOWLEDGED: 1}


def test_the_kernel_repeats_its_reply_on_any_byte() -> None:
    stub = faithful().stub
    stub.feed(b"$qC#b4")

    assert stub.feed(b"x").output == b"$QC22#f8"


def test_the_kernel_passes_over_a_ctrl_c() -> None:
    stub = faithful().stub
    stub.feed(b"$qC#b4")

    assert stub.feed(b"\x03+$!#21").output == b"+$#00"


def test_the_kernel_refuses_a_packet_instead_of_an_acknowledgement() -> None:
    """model.md 6.5: receiving '$' instead of an ack NAKs; the packet is lost."""
    stub = faithful().stub
    stub.feed(b"$qC#b4")
    refused = stub.feed(b"$!#21")

    assert refused.output == b"-"
    assert refused.problems == {Problem.UNREADY: 1}
    assert stub.feed(b"$!#21").output == b"+$#00"


def test_the_full_face_takes_a_packet_for_an_acknowledgement() -> None:
    stub = full().stub
    stub.feed(b"$qC#b4")

    assert stub.feed(b"$!#21").output == b"+$#00"


def test_the_full_face_ignores_other_bytes() -> None:
    stub = full().stub
    stub.feed(b"$qC#b4")

    assert stub.feed(b"x\x03 ").output == b""


def test_the_kernel_does_not_answer_a_packet_that_is_too_long() -> None:
    exchange = faithful().stub.feed(b"$" + b"0" * 1023 + b"#00")

    assert exchange.output == b""
    assert exchange.problems == {Problem.TOO_LONG: 1}


def test_the_kernel_answers_the_longest_packet() -> None:
    """BUFMAX is 1024: the NUL and the place that ends the search take two."""
    data = b"!" + b"0" * 1021

    assert faithful().stub.feed(encode(data)).output == b"+$#00"


def test_the_full_face_refuses_a_packet_that_is_too_long() -> None:
    exchange = full().stub.feed(b"$" + b"0" * 0x4001)

    assert exchange.output == b"-"
    assert exchange.problems == {Problem.TOO_LONG: 1}


@FACES
def test_a_gigabyte_without_end_is_not_kept(client: Callable[[], Client]) -> None:
    """A hundredth of it, in pieces of a megabyte."""
    stub = client().stub
    stub.feed(b"$")
    sent = 0
    for _ in range(10):
        sent += len(stub.feed(b"m" * 1_000_000).output)

    assert stub.kept <= 0x4001
    assert sent <= 1


@FACES
def test_while_the_machine_runs_only_ctrl_c_counts(
    client: Callable[[], Client],
) -> None:
    stub = client().stub
    stub.feed(b"$c#63")

    exchange = stub.feed(b"$g#67\x03$?#3f")

    assert exchange.actions == [Interrupt()]
    assert exchange.output == b""


@FACES
def test_the_machine_runs_after_c(client: Callable[[], Client]) -> None:
    stub = client().stub
    stub.feed(b"$c#63")

    assert stub.running


@FACES
def test_packets_behind_a_c_are_dropped(client: Callable[[], Client]) -> None:
    """proto-bare-g.log: behind D;1 nothing is answered."""
    assert client().stub.feed(b"$c#63$g#67").output == b"+"


@FACES
def test_a_stop_is_sent_again_on_demand(client: Callable[[], Client]) -> None:
    stub = client().stub
    stub.feed(b"$c#63")
    stop = stub.stopped(StopReason())

    assert stop.output.startswith(b"$T05")
    assert stub.feed(b"-").output == stop.output
    assert not stub.running


@FACES
def test_ctrl_c_at_a_standstill_is_nothing(client: Callable[[], Client]) -> None:
    assert client().stub.feed(b"\x03").actions == []


@FACES
def test_a_second_client_is_turned_away(client: Callable[[], Client]) -> None:
    stub = client().stub

    with pytest.raises(ClientBusy):
        stub.connect()


@FACES
def test_a_second_client_does_not_disturb_the_first(
    client: Callable[[], Client],
) -> None:
    stub = client().stub
    stub.feed(b"$q")
    with pytest.raises(ClientBusy):
        stub.connect()

    assert stub.feed(b"C#b4").output == b"+$QC22#f8"


@FACES
def test_a_client_may_come_after_another(client: Callable[[], Client]) -> None:
    stub = client().stub
    stub.feed(b"$q")
    stub.disconnect()
    stub.connect()
    stub.stopped(StopReason())

    assert stub.has_client
    assert stub.feed(b"C#b4$qC#b4").output == b"+$QC22#f8"


def test_full_a_client_that_vanishes_takes_its_breakpoints_along() -> None:
    target = FakeTarget()
    stub = full(target).stub
    stub.feed(encode(b"Z2,1000,8"))
    assert target.breakpoints
    assert target.breakpoints.hardware

    exchange = stub.disconnect()

    assert exchange.actions == [Detach()]
    assert target.breakpoints.hardware == []


def test_full_a_client_that_vanishes_in_a_step_lets_go() -> None:
    stub = full().stub
    stub.feed(b"$s#73")

    assert stub.disconnect().actions == [Detach()]
    assert stub.stopped(StopReason()).output == b""


def test_full_who_never_came_does_not_leave() -> None:
    stub = full().stub
    stub.disconnect()

    assert stub.disconnect().actions == []


def test_the_kernel_does_not_notice_that_a_client_vanished() -> None:
    target = FakeTarget()
    stub = faithful(target).stub
    stub.feed(encode(b"Z2,1000,8") + b"+$c#63")

    assert stub.disconnect().actions == []
    assert target.breakpoints
    assert target.breakpoints.hardware
    assert stub.stopped(StopReason()).output == b"$T05thread:22;#0a"


@FACES
def test_what_waits_for_an_acknowledgement_is_done_when_none_can_come(
    client: Callable[[], Client],
) -> None:
    stub = client().stub
    stub.feed(b"$D#44")

    assert stub.disconnect().actions[0] == Detach()
    assert stub.running


@FACES
def test_what_waits_is_done_before_hanging_up(client: Callable[[], Client]) -> None:
    stub = client().stub
    stub.feed(b"$D#44")

    exchange = stub.feed(b"-" * 100)

    assert exchange.actions[:2] == [Detach(), HangUp("reply not acknowledged")]


def test_who_does_not_read_is_hung_up_on() -> None:
    """Without acknowledgements one could ask for megabytes in one breath."""
    stub = full(FakeTarget(monitor=FakeMonitor())).stub
    stub.feed(b"$QStartNoAckMode#b0+")
    exchange = stub.feed(encode(b"qXfer:features:read:target.xml:0,2000") * 10_000)

    assert exchange.actions == [HangUp("client asks faster than it reads")]
    assert len(exchange.output) < OUTPUT_LIMIT + 0x4000


def test_a_stub_may_begin_with_a_running_machine() -> None:
    stub = Stub(FaithfulFace(FakeTarget(), FaithfulRules()), running=True)

    assert stub.feed(b"$?#3f").output == b""
    assert stub.feed(b"\x03").actions == [Interrupt()]


def test_no_ack_mode_begins_after_its_reply() -> None:
    stub = full().stub

    assert stub.feed(b"$QStartNoAckMode#b0").output == b"+$OK#9a"
    assert stub.feed(b"+$qC#b4").output == b"$QC22#f8"


def test_no_ack_mode_refuses_nothing() -> None:
    stub = full().stub
    stub.feed(b"$QStartNoAckMode#b0+")
    exchange = stub.feed(b"$qC#b5")

    assert exchange.output == b""
    assert exchange.problems == {Problem.BAD_CHECKSUM: 1}


def test_no_ack_mode_ends_with_the_client() -> None:
    stub = full().stub
    stub.feed(b"$QStartNoAckMode#b0+")
    stub.disconnect()
    stub.connect()
    stub.stopped(StopReason())

    assert stub.feed(b"$qC#b4").output == b"+$QC22#f8"
