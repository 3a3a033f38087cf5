"""qXfer and qRcmd of the full face."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from emulator.gdbstub.packet import unescape
from emulator.gdbstub.target import MemoryRegion
from emulator.tests.gdbstub.fake_target import (
    FakeMonitor,
    FakeSurroundings,
    FakeTarget,
    full,
)


def fetched(target: FakeTarget, name: bytes, piece: int) -> bytes:
    """A whole document, as gdb reads it."""
    client = full(target)
    content = b""
    while True:
        answer = client.ask(b"qXfer:%b:%x,%x" % (name, len(content), piece))
        assert answer
        content += unescape(answer[1:])
        if answer[:1] == b"l":
            return content


def test_a_document_in_pieces_is_the_same() -> None:
    name = b"features:read:target.xml"

    assert fetched(FakeTarget(), name, 100) == fetched(FakeTarget(), name, 0x4000)


def test_the_program() -> None:
    assert fetched(FakeTarget(), b"exec-file:read:1", 0x1000) == b"/boot/vmlinux"


def test_the_memory_map() -> None:
    regions = (MemoryRegion(0x1000, 0x2000), MemoryRegion(1 << 63, 4096, "rom"))
    target = FakeTarget(surroundings=FakeSurroundings(None, regions))
    found = ET.fromstring(fetched(target, b"memory-map:read:", 0x1000))

    assert [e.attrib for e in found] == [
        {"type": "ram", "start": "0x1000", "length": "0x2000"},
        {"type": "rom", "start": "0x8000000000000000", "length": "0x1000"},
    ]


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        pytest.param(b"qXfer:auxv:read::0,100", b"", id="no-such-object"),
        pytest.param(b"qXfer:features:write:target.xml:0:00", b"", id="writing"),
        pytest.param(b"qXfer:features:read:other.xml:0,100", b"E02", id="annex"),
        pytest.param(b"qXfer:threads:read:x:0,100", b"E02", id="annex-of-threads"),
        pytest.param(b"qXfer:features:read:target.xml:fffff,1", b"E16", id="behind"),
        pytest.param(b"qXfer:features:read:target.xml:0", b"E16", id="no-length"),
        pytest.param(b"qXfer:features:read:target.xml:z,1", b"E16", id="no-offset"),
        pytest.param(b"qXfer:features:read:target.xml:0,1x", b"E16", id="junk"),
        pytest.param(b"qXfer:features:read", b"E16", id="short"),
        pytest.param(b"qXfer:exec-file:read::d,1", b"l", id="exactly-the-end"),
        pytest.param(b"qXfer:exec-file:read::0,0", b"m", id="nothing-asked"),
    ],
)
def test_answers(packet: bytes, answer: bytes) -> None:
    assert full().ask(packet) == answer


def test_a_piece_is_never_longer_than_a_packet() -> None:
    target = FakeTarget(surroundings=FakeSurroundings("/" + "#" * 20_000, None))
    answer = full(target).ask(b"qXfer:exec-file:read::0,fffffff")

    assert answer
    assert len(answer) <= 0x4000


def console(target: FakeTarget, text: str) -> str:
    """What `monitor text` prints."""
    client = full(target)
    texts = client.texts(b"qRcmd," + text.encode().hex().encode())
    assert texts[-1] == b"OK"
    assert all(t.startswith(b"O") for t in texts)
    return b"".join(bytes.fromhex(t[1:].decode()) for t in texts[:-1]).decode()


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("slots", "slots\n"),
        ("slots 1 2", "slots 1 2\n"),
        ("sl", "slots\n"),
        ("  dr  ", "dr\n"),
        ("nonsense", "nonsense: one of dr, help, slots expected\n"),
        (
            "",
            "dr     DR0 to DR7.\nhelp   What commands there are.\nslots  Who holds them.\n",
        ),
        (
            "h",
            "dr     DR0 to DR7.\nhelp   What commands there are.\nslots  Who holds them.\n",
        ),
    ],
)
def test_monitor(typed: str, printed: str) -> None:
    assert console(FakeTarget(), typed) == printed


def test_monitor_asks_back_when_more_than_one_is_meant() -> None:
    monitor = FakeMonitor({"verdict": "", "variant": "", "v": ""})
    target = FakeTarget(monitor=monitor)

    assert console(target, "ve") == "verdict\n"
    assert console(target, "v") == "v\n"
    monitor.commands = {"verdict": "", "variant": ""}
    assert console(target, "v") == "v: one of variant, verdict expected\n"


def test_monitor_text_comes_in_packets_of_bounded_size() -> None:
    class Talkative(FakeMonitor):
        def run(self, name: str, arguments: Sequence[str]) -> str:
            return "x" * 20_000

    client = full(FakeTarget(monitor=Talkative()))
    *texts, last = client.texts(b"qRcmd," + b"slots".hex().encode())

    assert sum(map(len, texts)) == 2 * 20_001 + len(texts)
    assert max(map(len, texts)) <= 0x4000
    assert last == b"OK"


def test_monitor_refused_by_the_target() -> None:
    assert full().ask(b"qRcmd," + b"slots bad".hex().encode()) == b"E16"


@pytest.mark.parametrize("packet", [b"qRcmd", b"qRcmd,1", b"qRcmd,zz"])
def test_monitor_that_does_not_read(packet: bytes) -> None:
    assert full().ask(packet) == b"E16"


def test_monitor_text_that_is_no_text() -> None:
    answer = full().texts(b"qRcmd,fffe")

    assert answer[-1] == b"OK"


def test_a_target_without_monitor() -> None:
    assert full(FakeTarget(monitor=None)).ask(b"qRcmd,6472") == b""
