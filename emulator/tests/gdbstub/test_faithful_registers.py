"""g, G, p and P of the kernel. Values as in the recorded logs unless said."""

from __future__ import annotations

import pytest

from emulator.gdbstub.faithful.session import BUFMAX
from emulator.tests.gdbstub.fake_target import (
    IDLE1,
    INIT,
    KGT0,
    FakeRegisters,
    FakeTarget,
    faithful,
)

#: W1-bare-g.log at 2.981.
W1 = (
    b"0202000000000000482400a0ffffffff0000000000000000770000000000000001000000000000"
    b"00002600a0ffffffffe8be100000c9ffffe0bc100000c9ffff0004000000000000ffffffffffff"
    b"ff7f0100000000000000c0d8810f8088ffff000000000000000020be100000c9ffff80bd100000"
    b"c9ffff0202000000000000230000a0ffffffff4600000010000000180000000000000000000000"
)
W1_VALUES = {
    "rax": 0x202,
    "rbx": 0xFFFFFFFFA0002448,
    "rcx": 0,
    "rdx": 0x77,
    "rsi": 1,
    "rdi": 0xFFFFFFFFA0002600,
    "rbp": 0xFFFFC9000010BEE8,
    "rsp": 0xFFFFC9000010BCE0,
    "r8": 0x400,
    "r9": 0x7FFFFFFFFFFFFFFF,
    "r10": 1,
    "r11": 0xFFFF88800F81D8C0,
    "r12": 0,
    "r13": 0xFFFFC9000010BE20,
    "r14": 0xFFFFC9000010BD80,
    "r15": 0x202,
    "rip": 0xFFFFFFFFA0000023,
    "eflags": 0x46,
    "cs": 0x10,
    "ss": 0x18,
}
#: proto-bare-g.log: pid 1, asleep.
SLEEPER = {"rbp": 0xFFFFC90000013C98, "rsp": 0xFFFFC90000013C28}


def machine() -> FakeTarget:
    values = {
        KGT0.thread_id: dict(W1_VALUES),
        IDLE1.thread_id: {"rip": 0xFFFFFFFF81000000, "eflags": 0x246},
        INIT.thread_id: {**SLEEPER, "eflags": 0x282, "cs": 0x10, "ss": 0x18},
    }
    return FakeTarget(registers=FakeRegisters(values))


def written(target: FakeTarget, name: str, thread: int = KGT0.thread_id) -> int:
    assert target.registers
    return target.registers.values[thread][name]


def long(image: bytes | None, number: int) -> int:
    """A 64-bit register of a g reply."""
    assert image
    return int.from_bytes(bytes.fromhex(image.decode())[8 * number :][:8], "little")


def tail(image: bytes | None) -> list[int]:
    """The 32-bit registers of a g reply: flags, cs, ss, ds, es."""
    assert image
    data = bytes.fromhex(image.decode())[136:]
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]


def test_g_is_the_recorded_image() -> None:
    assert faithful(machine()).ask(b"g") == W1


def test_g_of_old_kernels_ends_with_ss() -> None:
    client = faithful(machine(), image_has_ds_es=False)

    assert client.ask(b"g") == W1[: 2 * 148]


def test_g_ignores_what_follows() -> None:
    assert faithful(machine()).ask(b"gxyz") == W1


def test_g_of_a_task_on_another_cpu_is_whole() -> None:
    client = faithful(machine())
    client.ask(b"Hgfffffffd")

    assert long(client.ask(b"g"), 16) == 0xFFFFFFFF81000000


def test_g_of_a_sleeping_task_has_only_frame_and_stack() -> None:
    client = faithful(machine())
    client.ask(b"Hg1")
    image = client.ask(b"g")

    assert (long(image, 6), long(image, 7)) == tuple(SLEEPER.values())
    assert [long(image, n) for n in range(17) if n not in (6, 7)] == [0] * 15


def test_flags_of_a_sleeping_task_are_left_from_the_task_before() -> None:
    client = faithful(machine())
    client.ask(b"g")
    client.ask(b"Hg1")

    assert tail(client.ask(b"g")) == [0x46, 0x10, 0x18, 0, 0]


def test_flags_of_a_sleeping_task_are_zero_after_a_P() -> None:
    """proto-bare-g.log: P0=0, then g of pid 1 is zero from rip on."""
    client = faithful(machine())
    client.ask(b"g")
    client.ask(b"P0=0")
    client.ask(b"Hg1")

    assert tail(client.ask(b"g")) == [0] * 5


def test_old_kernels_fill_in_flags_of_a_sleeping_task() -> None:
    client = faithful(machine(), image_has_ds_es=False, sleeping_flags_cs_ss=True)
    client.ask(b"Hg1")

    assert tail(client.ask(b"g")) == [0x282, 0x10, 0x18]


def test_some_kernels_show_rdx_for_rsi() -> None:
    client = faithful(machine(), rsi_shows_rdx=True)

    assert long(client.ask(b"g"), 4) == 0x77


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        pytest.param(b"p0", b"0202000000000000", id="rax"),
        pytest.param(b"p", b"0202000000000000", id="no-number"),
        pytest.param(b"p10", b"230000a0ffffffff", id="rip"),
        pytest.param(b"p11", b"46000000", id="flags"),
        pytest.param(b"p17", b"00000000", id="gs-is-the-last"),
        pytest.param(b"p18", b"E22", id="one-more"),
        pytest.param(b"p99", b"E22", id="many-more"),
        pytest.param(b"p-1", b"E22", id="negative"),
        pytest.param(b"p39", b"E22", id="orig_ax-is-for-P-only"),
    ],
)
def test_p(packet: bytes, answer: bytes) -> None:
    assert faithful(machine()).ask(packet) == answer


@pytest.mark.parametrize("packet", [b"p0", b"P0=0"])
def test_p_and_P_are_unknown_to_old_kernels(packet: bytes) -> None:
    assert faithful(machine(), single_registers=False).ask(packet) == b""


def test_P_writes_a_register() -> None:
    target = machine()

    assert faithful(target).ask(b"P10=2600000000000000") == b"OK"
    assert written(target, "rip") == 0x26


def test_P_fills_up_with_zeros() -> None:
    target = machine()

    assert faithful(target).ask(b"P3=ff") == b"OK"
    assert written(target, "rdx") == 0xFF


def test_P_ignores_half_a_byte_and_what_follows() -> None:
    target = machine()

    assert faithful(target).ask(b"P0=12345z") == b"OK"
    assert written(target, "rax") == 0x3412


def test_P_of_flags_is_32_bits() -> None:
    target = machine()

    assert faithful(target).ask(b"P11=4601000099999999") == b"OK"
    assert written(target, "eflags") == 0x146


def test_P_of_rsi_writes_rdx_where_the_table_is_wrong() -> None:
    target = machine()
    faithful(target, rsi_shows_rdx=True).ask(b"P4=05")

    assert (written(target, "rsi"), written(target, "rdx")) == (1, 5)


@pytest.mark.parametrize("number", [b"7", b"14", b"17", b"39"])
def test_P_of_rsp_segments_and_orig_ax_is_ok_without_effect(number: bytes) -> None:
    target = machine()

    assert faithful(target).ask(b"P" + number + b"=0000000000000000") == b"OK"
    assert target.registers
    assert target.registers.values[KGT0.thread_id] == W1_VALUES


@pytest.mark.parametrize("packet", [b"P", b"P0", b"P18=0", b"P0:0", b"P-1=0"])
def test_P_refuses(packet: bytes) -> None:
    assert faithful(machine()).ask(packet) == b"E22"


def test_P_refuses_another_thread() -> None:
    client = faithful(machine())
    client.ask(b"Hgfffffffd")

    assert client.ask(b"P0=0") == b"E22"


def test_G_writes_all_but_rsp() -> None:
    target = machine()
    image = (
        (b"11" * 8 * 16) + b"2600000000000000" + b"460100001000000018000000" + b"0" * 16
    )

    assert faithful(target).ask(b"G" + image) == b"OK"
    assert target.registers
    values = target.registers.values[KGT0.thread_id]
    assert values["rax"] == values["r15"] == 0x1111111111111111
    assert (values["rip"], values["eflags"]) == (0x26, 0x146)
    assert values["rsp"] == W1_VALUES["rsp"]


def test_G_refuses_another_thread() -> None:
    client = faithful(machine())
    client.ask(b"Hgfffffffd")

    assert client.ask(b"G" + W1) == b"E22"


def test_a_refused_G_stays_in_the_image() -> None:
    client = faithful(machine())
    client.ask(b"Hg1")
    client.ask(b"G" + b"ff" * 156)

    assert tail(client.ask(b"g")) == [0xFFFFFFFF] * 5


@pytest.mark.parametrize("packet", [b"G", b"G00", b"G" + b"z" * 312, b"G" + b"0" * 311])
def test_G_refuses_less_than_the_image(packet: bytes) -> None:
    assert faithful(machine()).ask(packet) == b"E22"


def test_a_target_without_registers_reads_as_zero() -> None:
    assert faithful(FakeTarget(registers=None)).ask(b"g") == b"0" * 312


def test_the_image_fits_into_the_buffer() -> None:
    assert len(W1) < BUFMAX
