"""g, G, p and P of the full face, and the description they follow."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from emulator.gdbstub.full.documents import target_description
from emulator.gdbstub.registers import offered_registers
from emulator.tests.gdbstub.fake_target import (
    ALL_REGISTERS,
    IDLE1,
    INIT,
    KGT0,
    FakeRegisters,
    FakeTarget,
    full,
)

CORE_AND_SSE = "org.gnu.gdb.i386.core", "org.gnu.gdb.i386.sse"
#: gdb's numbers (its i386 target descriptions).
NUMBERS = {
    "rax": 0,
    "rsp": 7,
    "r15": 15,
    "rip": 16,
    "eflags": 17,
    "gs": 23,
    "st0": 24,
    "fctrl": 32,
    "fop": 39,
    "xmm0": 40,
    "mxcsr": 56,
    "orig_rax": 57,
    "fs_base": 58,
    "gs_base": 59,
    "dr0": 60,
    "dr7": 65,
    "cpu_dr7": 66,
}


def machine() -> FakeTarget:
    values = {
        KGT0.thread_id: {"rax": 0x0102, "eflags": 0x246, "dr7": 0x90602},
        IDLE1.thread_id: {"rax": 7},
        INIT.thread_id: {"rsp": 0x1000},
    }
    return FakeTarget(registers=FakeRegisters(values))


def described(names: tuple[str, ...]) -> ET.Element:
    text = target_description(names)
    return ET.fromstring(text)


def value(target: FakeTarget, name: str) -> int:
    assert target.registers
    return target.registers.values[KGT0.thread_id][name]


def test_the_registers_have_gdbs_numbers() -> None:
    names = [r.name for r in offered_registers(ALL_REGISTERS)]

    assert {name: names.index(name) for name in NUMBERS} == NUMBERS


def test_the_description_lists_them_in_that_order() -> None:
    names = [r.attrib["name"] for r in described(ALL_REGISTERS).iter("reg")]

    assert names == [r.name for r in offered_registers(ALL_REGISTERS)]


def test_the_description_is_of_this_architecture() -> None:
    assert described(()).findtext("architecture") == "i386:x86-64"


def test_what_gdb_requires_is_described_in_any_case() -> None:
    features = [f.attrib["name"] for f in described(()).iter("feature")]

    assert tuple(features) == CORE_AND_SSE


@pytest.mark.parametrize(
    ("names", "feature"),
    [
        (("orig_rax",), "org.gnu.gdb.i386.linux"),
        (("fs_base", "gs_base"), "org.gnu.gdb.i386.segments"),
        (
            ("dr0", "dr1", "dr2", "dr3", "dr6", "dr7", "cpu_dr7"),
            "org.hwbpweb.debug",
        ),
    ],
)
def test_the_rest_is_described_when_it_is_there(
    names: tuple[str, ...], feature: str
) -> None:
    features = {f.attrib["name"] for f in described(names).iter("feature")}

    assert features == {*CORE_AND_SSE, feature}


def test_half_a_feature_is_none() -> None:
    assert len(list(described(("fs_base",)).iter("feature"))) == len(CORE_AND_SSE)


def test_types_of_ours_are_defined_before_they_are_used() -> None:
    for feature in described(ALL_REGISTERS).iter("feature"):
        known = {e.attrib["id"] for e in feature if "id" in e.attrib}
        used = {r.attrib["type"] for r in feature.iter("reg")}

        assert {u for u in used if u.startswith(("i386_", "hwbp_", "vec"))} <= known


def test_dr7_is_described_bit_by_bit() -> None:
    """SDM vol. 3, 18.2.4."""
    (dr7,) = (
        e
        for e in described(ALL_REGISTERS).iter("flags")
        if e.attrib["id"] == "hwbp_dr7"
    )
    places = {
        f.attrib["name"]: (int(f.attrib["start"]), int(f.attrib["end"])) for f in dr7
    }

    assert places["L0"] == (0, 0)
    assert places["G3"] == (7, 7)
    assert places["GD"] == (13, 13)
    assert places["RW0"] == (16, 17)
    assert places["LEN3"] == (30, 31)


def test_g_is_as_long_as_the_description_says() -> None:
    answer = full(machine()).ask(b"g")

    assert answer is not None
    bits = sum(int(r.attrib["bitsize"]) for r in described(ALL_REGISTERS).iter("reg"))
    assert len(answer) == bits // 4


def test_g_shows_what_is_known_and_no_more() -> None:
    answer = full(machine()).ask(b"g")

    assert answer is not None
    assert answer.startswith(b"0201000000000000" + b"x" * 16)


def test_g_of_another_thread() -> None:
    client = full(machine())
    client.ask(b"Hg-3")
    answer = client.ask(b"g")

    assert answer is not None
    assert answer.startswith(b"0700000000000000")


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        pytest.param(b"p0", b"0201000000000000", id="rax"),
        pytest.param(b"p11", b"46020000", id="eflags-is-32-bits"),
        pytest.param(b"p1", b"x" * 16, id="unknown-value"),
        pytest.param(b"p18", b"x" * 20, id="st0-is-80-bits"),
        pytest.param(b"p28", b"x" * 32, id="xmm0-is-128-bits"),
        pytest.param(b"p41", b"02060900", id="dr7"),
        pytest.param(b"p42", b"x" * 8, id="cpu_dr7-is-the-last"),
        pytest.param(b"p43", b"E16", id="one-more"),
        pytest.param(b"p", b"E16", id="no-number"),
        pytest.param(b"p0x", b"E16", id="junk"),
        pytest.param(b"p" + b"f" * 17, b"E16", id="huge"),
    ],
)
def test_p(packet: bytes, answer: bytes) -> None:
    assert full(machine()).ask(packet) == answer


def test_P_writes() -> None:
    target = machine()

    assert full(target).ask(b"P0=0500000000000000") == b"OK"
    assert value(target, "rax") == 5


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"P0=05", id="too-short"),
        pytest.param(b"P0=05000000000000000", id="half-a-byte"),
        pytest.param(b"P0=050000000000000000", id="too-long"),
        pytest.param(b"P0=xxxxxxxxxxxxxxxx", id="unknown"),
        pytest.param(b"P0", id="no-value"),
        pytest.param(b"P=00", id="no-number"),
        pytest.param(b"P99=00", id="no-register"),
    ],
)
def test_P_refuses(packet: bytes) -> None:
    target = machine()

    assert full(target).ask(packet) == b"E16"
    assert value(target, "rax") == 0x102


def test_P_says_what_the_target_says() -> None:
    assert full(machine()).ask(b"P42=00000000") == b"E01"


def test_G_writes_what_is_given() -> None:
    target = machine()
    client = full(target)
    image = client.ask(b"g")
    assert image is not None
    changed = b"0900000000000000" + image[16:]

    assert client.ask(b"G" + changed) == b"OK"
    assert value(target, "rax") == 9
    assert target.registers
    assert target.registers.values[KGT0.thread_id].keys() == {"rax", "eflags", "dr7"}


@pytest.mark.parametrize("image", [b"", b"00", b"x" * 16, b"0" * 5000])
def test_G_refuses_an_image_of_another_size(image: bytes) -> None:
    target = machine()

    assert full(target).ask(b"G" + image) == b"E16"
    assert value(target, "rax") == 0x102


@pytest.mark.parametrize("packet", [b"g", b"G00"])
def test_a_target_without_registers(packet: bytes) -> None:
    assert full(FakeTarget(registers=None)).ask(packet) == b""


@pytest.mark.parametrize("packet", [b"p0", b"P0=00"])
def test_a_target_without_registers_has_no_single_one(packet: bytes) -> None:
    assert full(FakeTarget(registers=None)).ask(packet) == b"E16"
