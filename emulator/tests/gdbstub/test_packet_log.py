"""The reader of the recorded logs, against lines of them."""

from __future__ import annotations

from emulator.tests.gdbstub import packet_log
from emulator.tests.gdbstub.packet_log import (
    Access,
    Ack,
    Int3Entry,
    MonitorReading,
    Note,
    Received,
    Sent,
    Silence,
    Snapshot,
    parse,
)


def one(line: str) -> packet_log.Entry:
    (entry,) = parse(line)
    return entry


def test_all_logs_are_there() -> None:
    assert sorted(packet_log.names()) == [
        "W1-bare-g",
        "W1-bare-h",
        "W2-bare-g",
        "W5-bare-g",
        "W6addm-bare-g",
        "W6ctlrem-bare-h",
        "W8-bare-g",
        "proto-bare-g",
    ]


def test_the_first_line_is_no_entry() -> None:
    assert list(parse("# QEMU 7.2 TCG\n   2.474 -> $?#3f")) == [Sent(2.474, b"?")]


def test_received() -> None:
    assert one("   2.979 <- $T05thread:22;#0a") == Received(2.979, b"T05thread:22;")


def test_acknowledged() -> None:
    assert one("   2.576 <- ack +") == Ack(2.576)


def test_silence() -> None:
    assert one("   4.193    (no reply in 2s)") == Silence(4.193)


def test_snapshot() -> None:
    line = (
        "   2.259 ## after resume: SNAP other cpu1 HW7=00090602 C7=0099020a STALE "
        "DR6=ffff0ff0 vd6=1 DR0=ffffffffa0002600 DR1=ffffffffa0002640 DR2=0 DR3=0 "
        "slots=3 kgdb_en=3 cnt=1,0,2,0 task=swapper/1"
    )

    assert one(line) == Snapshot(
        time=2.259,
        label="after resume",
        own=False,
        cpu=1,
        hw7=0x90602,
        c7=0x99020A,
        same=False,
        dr6=0xFFFF0FF0,
        vd6=1,
        dr=(0xFFFFFFFFA0002600, 0xFFFFFFFFA0002640, 0, 0),
        slots=3,
        kgdb_enabled=3,
        counts=(1, 0, 2, 0),
        task="swapper/1",
    )


def test_monitor_readings_are_one_for_each_cpu() -> None:
    line = (
        "   2.575 ## armed: QEMU monitor: cpu0 DR7=00090602 DR6=ffff0ff0 "
        "cpu1 DR7=00000400 DR6=ffff0ff0"
    )

    assert list(parse(line)) == [
        MonitorReading(2.575, "armed", 0, 0x90602, 0xFFFF0FF0),
        MonitorReading(2.575, "armed", 1, 0x400, 0xFFFF0FF0),
    ]


def test_an_access_that_stops() -> None:
    line = "   3.400 ## W1 cpu1: [1 w8 0 2] STOP T05thread:23; pc=ffffffffa0000023"

    assert one(line) == Access(
        3.4, "W1 cpu1", 1, "w8", (0, 2), b"T05thread:23;", 0xFFFFFFFFA0000023
    )


def test_an_access_that_does_not() -> None:
    assert one("   2.663 ## W1 read: [0 r8 0] no stop") == Access(
        2.663, "W1 read", 0, "r8", (0,), None, None
    )


def test_an_operation_without_arguments() -> None:
    entry = one("   5.798 ## clear vd6 (control): [0 cvd6] no stop")

    assert isinstance(entry, Access)
    assert (entry.operation, entry.arguments) == ("cvd6", ())


def test_an_entry_by_int3() -> None:
    assert one("   2.315 ## int3 entry on cpu0: T05thread:22;") == Int3Entry(
        2.315, 0, b"T05thread:22;"
    )


def test_a_remark() -> None:
    assert one("   6.247 ## ['HITS 7 0 0 0']") == Note(6.247, "['HITS 7 0 0 0']")


def test_snapshots_say_themselves_whether_dr7_is_stale() -> None:
    """Bits 8 to 15 aside, as the recording did."""
    snapshots = [
        e
        for name in packet_log.names()
        for e in packet_log.load(name)
        if isinstance(e, Snapshot)
    ]

    assert len(snapshots) == 120
    assert [s for s in snapshots if ((s.hw7 ^ s.c7) & ~0xFF00 == 0) != s.same] == []
