"""What the kernel does to a program's memory is seen by the debug unit (decisions D2)."""

from __future__ import annotations

import pytest

from emulator.core.perf_event import BpType
from emulator.events import EventFlag, EventKind
from emulator.linux.signal_state import Action
from emulator.tests.kernel.guest import DATA, Guest

EXIT = "b83c000000 31ff 0f05"  # mov eax,60; xor edi,edi; syscall
AT_DATA = DATA.to_bytes(4, "little").hex()
#: rt_sigprocmask(0, NULL, DATA, 8): the kernel writes eight bytes.
PUT = "b80e000000 31ff 31f6 ba" + AT_DATA + "41ba08000000 0f05"
#: rt_sigprocmask(0, DATA, NULL, 8): it reads them.
GET = "b80e000000 31ff be" + AT_DATA + "31d2 41ba08000000 0f05"
SIGUSR1 = 10


def hits(program: str, kind: BpType, length: int, **attr: object) -> Guest:
    """Run with one perf watch at DATA."""
    guest = Guest(program + EXIT)
    guest.event = guest.perf(DATA, kind, length, **attr)
    return guest.run()


@pytest.mark.parametrize(
    ("program", "kind", "length", "count"),
    [
        pytest.param(PUT, BpType.W, 8, 8, id="write-each-byte"),
        pytest.param(PUT, BpType.RW, 8, 8, id="write-of-access"),
        pytest.param(PUT, BpType.W, 1, 1, id="write-one-byte"),
        pytest.param(GET, BpType.RW, 4, 4, id="read"),
        pytest.param(GET, BpType.W, 8, 0, id="read-of-a-write-watch"),
    ],
)
def test_a_copy_counts_for_each_watched_byte(
    program: str, kind: BpType, length: int, count: int
) -> None:
    assert hits(program, kind, length).event.count == count


def test_exclude_kernel_does_not_count_it() -> None:
    assert hits(PUT, BpType.W, 8, exclude_kernel=True).event.count == 0


def test_exclude_user_counts_it() -> None:
    assert hits(PUT, BpType.W, 8, exclude_user=True).event.count == 8


def test_it_is_a_hit_from_kernel_mode() -> None:
    (hit,) = hits(PUT, BpType.W, 1).of(EventKind.HIT)

    assert not hit["flags"] & EventFlag.USER
    assert hit["flags"] & EventFlag.WRITE
    assert (hit["addr"], hit["cause"]) == (DATA, 0)


def test_it_comes_after_the_call_that_did_it() -> None:
    guest = hits(PUT, BpType.W, 1)
    (hit,) = guest.of(EventKind.HIT)

    assert guest.of(EventKind.SYSCALL)[0]["seq"] < hit["seq"]


def test_the_program_does_not_notice() -> None:
    assert hits(PUT, BpType.W, 8).exit_status == 0


@pytest.mark.parametrize(
    ("variant", "stops"), [("g-bare", 0), ("d4", 0), ("d3-35", 0), ("d2", 1)]
)
def test_a_tracer_stopped_for_it_before_2_6_35(variant: str, stops: int) -> None:
    guest = Guest(PUT + EXIT, traced=True, variant=variant)
    guest.poke(0, DATA)
    guest.poke(7, 0x10001)

    guest.run()

    assert len(guest.stops) == stops


def test_kernel_addresses_are_refused_like_unmapped_ones() -> None:
    # mov rdx, 0xffffffff81000000 instead of DATA; exit with -eax
    put = "b80e000000 31ff 31f6 48c7c200000081 41ba08000000 0f05"
    guest = Guest(put + "89c7 f7df b83c000000 0f05").run()

    assert guest.exit_status == 14 << 8


def test_a_signal_frame_is_an_access_too() -> None:
    # mov eax,39; syscall; then exit: the signal is taken at the first boundary.
    guest = Guest("b827000000 0f05" + EXIT)
    handler = DATA + 0x100
    guest.task.space.load(handler, bytes.fromhex("c3"))
    guest.task.space.load(handler + 16, bytes.fromhex("b80f000000 0f05"))
    signals = guest.task.process.signals
    signals.actions[SIGUSR1] = Action(handler, 0x0400_0000, handler + 16)
    stack = guest.task.first_registers["rsp"]
    frame = ((((stack - 128 - 512) & ~63) - 440) & ~15) - 8
    event = guest.perf(frame, BpType.W, 8)

    guest.system.scheduler.pick(guest.cpu)
    guest.system.kernel.signal(guest.task, SIGUSR1, 0, 0)
    guest.run()

    assert (event.count, guest.exit_status) == (8, 0)


def test_nothing_is_noted_while_nothing_is_armed() -> None:
    guest = Guest(PUT + EXIT).run()

    assert guest.task.accesses == []
