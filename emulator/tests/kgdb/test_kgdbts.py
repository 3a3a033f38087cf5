"""The scripts of the kernel's own kgdb test suite (drivers/misc/kgdbts.c), D1 to D6.

What the fake gdb sends and expects, through the stub of each kernel. Where a kernel must
fail follows from its history: b-zero, d2 and h lose hardware breakpoints; 2.6.35 takes an
execute breakpoint out in its callback, leaves it armed and sets no RF.
"""

from __future__ import annotations

import pytest

from emulator.events import Outcome
from emulator.tests.kgdb.lab import SYMBOLS, Lab, V
from emulator.variants import variant_ids

F = SYMBOLS["f0"]
EACH = pytest.mark.parametrize("variant", variant_ids())
_IP = 16 * 16
LOSE = {"b-zero", "d2", "h-bare", "h-hv"}
FAIL_D5 = LOSE | {"d3-35"}


def ip_of(image: str) -> int:
    """RIP of a g reply."""
    return int.from_bytes(bytes.fromhex(image[_IP : _IP + 16]), "little")


def rewound(replies: list[str]) -> str:
    """G with RIP one lower: back on the byte that the int3 stood on."""
    image = replies[-1]
    ip = (ip_of(image) - 1).to_bytes(8, "little").hex()
    return f"G{image[:_IP]}{ip}{image[_IP + 16 :]}"


def unchanged(replies: list[str]) -> str:
    """G with what g gave."""
    return f"G{replies[-1]}"


def images(lab: Lab) -> list[int]:
    """RIP of each g reply."""
    return [ip_of(text) for text in lab.replies if len(text) > _IP]


def byte_at(lab: Lab, address: int) -> bytes:
    """Code as the machine has it."""
    return lab.system.machine.kernel_space.read(address, 1, 0)


@EACH
def test_d1_plant_and_detach_leaves_the_byte(variant: str) -> None:
    lab = Lab(variant)
    before = byte_at(lab, F)

    lab.watch("?", f"Z0,{F:x},1", "D")

    assert lab.replies == ["S05", "OK", "OK"]
    assert byte_at(lab, F) == before


@EACH
def test_d2_a_software_breakpoint_stops_behind_its_byte(variant: str) -> None:
    lab = Lab(variant)
    lab.watch("?", f"Z0,{F:x},1")
    lab.at_next_stop("g", rewound, f"z0,{F:x},1", "D")

    lab.call(0)
    lab.watch("D")

    assert images(lab) == [F + 1]
    assert lab.replies[-4:] == ["OK", "OK", "OK", "OK"]  # G, z0, D, D


@EACH
def test_d3_low_addresses_cannot_be_read(variant: str) -> None:
    lab = Lab(variant)

    lab.watch("?", *[f"m0,{size}" for size in range(1, 9)], "D")

    assert [text[:1] for text in lab.replies[1:-1]] == ["E"] * 8


@EACH
def test_d4_a_step_leaves_the_breakpoint_in_the_same_thread(variant: str) -> None:
    lab = Lab(variant)
    lab.watch("?", f"Z0,{F:x},1")
    lab.at_next_stop(f"z0,{F:x},1", "g", rewound, "s")
    lab.at_next_stop("g", f"Z0,{F:x},1")
    lab.at_next_stop("g", rewound, "D")

    first = lab.call(0)
    again = lab.call(0)

    assert images(lab) == [F + 1, F + 1, F + 1]
    assert {stop.pid for stop in first + again} == {0x22}


def hardware(variant: str, setting: str, clearing: str) -> Lab:
    """D5 and D6 up to where the breakpoint should hit."""
    lab = Lab(variant)
    lab.watch("?", setting)
    lab.at_next_stop("g", unchanged, clearing, "D")
    return lab


@EACH
def test_d5_a_hardware_breakpoint_stops_at_its_address_once(variant: str) -> None:
    lab = hardware(variant, f"Z1,{F:x},1", f"z1,{F:x},1")

    stops = lab.call(0)

    once = [stop.pc for stop in stops] == [F]
    goes_on = lab.system.kernel.outcome is None
    assert (once and goes_on) == (variant not in FAIL_D5)


@EACH
def test_d6_a_write_watchpoint_ignores_reads_and_stops_at_a_write(
    variant: str,
) -> None:
    lab = hardware(variant, f"Z2,{V:x},1", f"z2,{V:x},1")

    reads = lab.read(0)
    writes = lab.write(0)

    assert (len(reads), len(writes)) == (0, 0 if variant in LOSE else 1)


@pytest.mark.parametrize("variant", ["b-zero", "d2", "d3-35"])
def test_d5_fails_by_a_livelock_where_nobody_sets_rf(variant: str) -> None:
    lab = hardware(variant, f"Z1,{F:x},1", f"z1,{F:x},1")

    lab.call(0)

    assert lab.system.kernel.outcome is Outcome.livelock
