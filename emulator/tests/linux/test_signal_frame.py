"""struct rt_sigframe: sizes and places are those of the kernel's headers for x86-64."""

from __future__ import annotations

import struct

import pytest

from emulator.linux.signal_frame import FRAME_SIZE, ORDER, pack, place_for, unpack
from emulator.linux.signal_state import SA_ONSTACK, AltStack, SignalInfo, Signals

SP = 0x7FFF_0000_1234
REGISTERS = {name: 0x1111 * (i + 1) for i, name in enumerate(ORDER)}
#: Offsets in the frame: pretcode, uc_flags … gregs, uc_sigmask, siginfo.
GREGS, CS, ERR, SIGMASK, INFO = 48, 48 + 18 * 8, 48 + 19 * 8, 304, 312


def frame(info: SignalInfo | None = None, **more: object) -> bytes:
    """Packed."""
    signals = Signals()
    signals.blocked = 0x55
    place = place_for(signals, 0, SP)
    return pack(
        place,
        REGISTERS,
        info or SignalInfo(11, 1, 0xDEAD),
        signals,
        **{"restorer": 0x4000, "fault": (6, 14, 0xDEAD), **more},
    )


def word(data: bytes, offset: int) -> int:
    return struct.unpack_from("<Q", data, offset)[0]


def test_its_size() -> None:
    assert (FRAME_SIZE, len(frame())) == (440, 440)


@pytest.mark.parametrize("sp", range(SP, SP + 64, 7))
def test_a_handler_finds_the_stack_as_after_a_call(sp: int) -> None:
    assert place_for(Signals(), 0, sp).frame % 16 == 8


def test_the_red_zone_is_left_alone() -> None:
    place = place_for(Signals(), 0, SP)

    assert place.fpu + 512 <= SP - 128


def test_the_fpu_image_is_aligned_and_behind_the_frame() -> None:
    place = place_for(Signals(), 0, SP)

    assert place.fpu % 64 == 0
    assert place.frame + FRAME_SIZE <= place.fpu


def on_altstack(flags: int, sp: int, size: int = 8192) -> bool:
    signals = Signals()
    signals.altstack = AltStack(0x10000, 0, size)
    return 0x10000 < place_for(signals, flags, sp).frame < 0x10000 + size


def test_onstack_goes_to_the_alternate_stack() -> None:
    assert on_altstack(SA_ONSTACK, SP)


def test_without_onstack_it_stays() -> None:
    assert not on_altstack(0, SP)


def test_who_is_on_it_already_goes_on_there() -> None:
    signals = Signals()
    signals.altstack = AltStack(0x10000, 0, 8192)

    assert place_for(signals, SA_ONSTACK, 0x11800).frame < 0x11800


def test_the_general_registers_stand_in_order() -> None:
    found = [word(frame(), GREGS + 8 * i) for i in range(18)]

    assert found == [REGISTERS[name] for name in ORDER]


def test_gdbs_offsets_of_rip_and_flags() -> None:
    # REG_RIP is 16 and REG_EFL 17 in ucontext.h.
    data = frame()

    assert word(data, GREGS + 8 * 16) == REGISTERS["rip"]
    assert word(data, GREGS + 8 * 17) == REGISTERS["eflags"]


def test_segments_error_and_address() -> None:
    data = frame()

    assert struct.unpack_from("<4H", data, CS) == (0x33, 0, 0, 0x2B)
    assert [word(data, ERR + 8 * i) for i in range(4)] == [6, 14, 0x55, 0xDEAD]


def test_the_return_address_and_the_mask() -> None:
    data = frame()

    assert (word(data, 0), word(data, SIGMASK)) == (0x4000, 0x55)


def test_siginfo_of_a_fault() -> None:
    data = frame()

    assert struct.unpack_from("<iii4xQ", data, INFO) == (11, 0, 1, 0xDEAD)


def test_siginfo_of_a_kill() -> None:
    data = frame(SignalInfo(10, -6, pid=100))

    assert struct.unpack_from("<iii4xII", data, INFO) == (10, 0, -6, 100, 0)


def test_what_was_packed_comes_back() -> None:
    restored = unpack(frame())

    assert dict(restored.registers) == REGISTERS
    assert (restored.mask, restored.fpu) == (0x55, place_for(Signals(), 0, SP).fpu)
