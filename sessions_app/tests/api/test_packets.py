"""Packets in words, beside the hits that they belong to; the command log."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from emulator.events import EventKind
from sessions_app.models import DebugSession, Run
from sessions_app.packet_words import packet_in_words, packet_text
from sessions_app.runner import LoggedLine
from sessions_app.services.debugger import CommandLog
from sessions_app.services.runs import Lease
from sessions_app.tests.factories import create_run, event, hit_events, store_chunk


def name(address: int) -> str:
    return {0x402000: "counter"}.get(address, f"{address:#x}")


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (b"?", "why did it stop?"),
        (b"g", "read all registers"),
        (b"p10", "read rip"),
        (b"p3a", "register 58".join(["read ", ""])),
        (b"P0=0100000000000000", "write rax"),
        (b"m402000,8", "read 8 bytes at counter"),
        (b"x402000,1", "read 1 byte at counter"),
        (b"M402000,4:05000000", "write 4 bytes at counter"),
        (b"X402000,1:\x05", "write 1 byte at counter"),
        (b"Z0,401000,1", "set software breakpoint at 0x401000"),
        (b"Z1,401000,1", "set hardware breakpoint at 0x401000"),
        (b"Z2,402000,4", "set write watchpoint at counter"),
        (b"Z3,402000,4", "set read watchpoint at counter"),
        (b"z4,402000,4", "remove access watchpoint at counter"),
        (b"vCont;c", "continue"),
        (b"vCont;s:64;c", "step thread 100"),
        (b"C09", "continue with signal 9"),
        (b"Hg64", "choose thread 100"),
        (b"Hc-1", "choose all threads"),
        (b"Hgfffffffe", "choose CPU 0"),
        (b"Tfffffffd", "is CPU 1 alive?"),
        (b"qThreadExtraInfo,64", "what is thread 100?"),
        (b"qSupported:swbreak+;hwbreak+", "what the client can"),
        (b"qXfer:features:read:target.xml:0,1000", "read the features"),
        (b"qRcmd,736c6f7473", "monitor slots"),
        (b"D", "detach"),
        (b"D;1", "detach"),
        (b"qFuture:1", ""),
    ],
)
def test_a_command_in_words(packet: bytes, words: str) -> None:
    assert packet_in_words(packet, to_debugger=False, name=name) == words


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (b"", "not supported"),
        (b"OK", "done"),
        (b"E16", "error 16"),
        (b"E.no thread 7", "error: no thread 7"),
        (b"S05", "stopped: signal 5"),
        (b"T05thread:64;hwbreak:;", "stopped: breakpoint in thread 100"),
        (b"T05watch:402000;thread:64;", "stopped: watch 0x402000 in thread 100"),
        (b"T02thread:fffffffe;", "stopped: interrupted in CPU 0"),
        (b"W07", "ended with 7"),
        (b"O6869", "says: hi"),
        (b"QC64", "thread 100"),
        (b"0100000000000000", "8 bytes"),
        (b"m64,65", ""),
        (b"Txx", ""),
    ],
)
def test_a_reply_in_words(packet: bytes, words: str) -> None:
    assert packet_in_words(packet, to_debugger=True, name=name) == words


_BEGINNINGS = st.sampled_from(
    [b"", b"H", b"m", b"Z0,", b"T", b"QC", b"O", b"qRcmd,", b"vCont;s:", b"p", b"E"]
)


@given(_BEGINNINGS, st.binary(max_size=40), st.booleans())
def test_what_is_no_packet_breaks_nothing(
    beginning: bytes, rest: bytes, to_debugger: bool
) -> None:
    words = packet_in_words(beginning + rest, to_debugger=to_debugger, name=name)

    assert words.isprintable()


def test_bytes_that_are_no_text_are_shown_as_numbers() -> None:
    assert packet_text(b"X0,1:\x7d\x03<") == "X0,1:}\\x03<"


@pytest.fixture
def debugged(session: DebugSession) -> Run:
    """A packet before any hit, hit 1, two packets and a stop after it."""
    run = create_run(session, events=10, hits=1)
    packets = [
        event(1, EventKind.PACKET, aux=0, value=1),
        *(
            r._replace(seq=r.seq + 1, cause=r.cause and r.cause + 1)
            for r in hit_events(1)
        ),
        event(8, EventKind.DEBUGGER_STOP, value=1, addr=0x401000, aux=5),
        event(9, EventKind.PACKET, aux=1, value=3),
        event(10, EventKind.PACKET, aux=0, value=9),
    ]
    texts = [(1, 4, b"?"), (9, 4, b"S05"), (10, 4, b"m402000,8")]
    store_chunk(run, packets, texts=texts)
    return run


def rows(api: APIClient, run: Run, **query: Any) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = api.get(
        f"/api/v1/runs/{run.pk}/packets/", query
    ).json()["results"]
    return results


def test_packets_stand_beside_the_hit_before_them(
    alice_api: APIClient, debugged: Run
) -> None:
    found = [(r["seq"], r["hit"], r["text"]) for r in rows(alice_api, debugged)]

    assert found == [(1, None, "?"), (8, 1, ""), (9, 1, "S05"), (10, 1, "m402000,8")]


def test_packets_have_a_direction_and_words(
    alice_api: APIClient, debugged: Run
) -> None:
    found = {
        r["seq"]: (r["to_debugger"], r["words"]) for r in rows(alice_api, debugged)
    }

    assert found[9] == (True, "stopped: signal 5")
    assert found[10] == (False, "read 8 bytes at counter")


def test_a_stop_of_the_kernels_debugger_is_named(
    alice_api: APIClient, debugged: Run
) -> None:
    stop = rows(alice_api, debugged)[1]

    assert (stop["stop"], stop["words"]) == (1, "stop 1 at _start")


def test_packets_are_paged(alice_api: APIClient, debugged: Run) -> None:
    first = alice_api.get(f"/api/v1/runs/{debugged.pk}/packets/", {"limit": 3}).json()

    rest = rows(alice_api, debugged, after=first["next"])

    assert [r["seq"] for r in first["results"] + rest] == [1, 8, 9, 10]


@pytest.fixture
def logged(session: DebugSession) -> Run:
    """Three lines, and a run that plays them back and has one of its own."""
    source = create_run(session)
    log = CommandLog(Lease(source.pk, source.epoch, "w"))
    log.add(LoggedLine(0, 0, 2, "open", "alice", "full"))
    log.add(LoggedLine(0, 0, 2, "data", data=b"$?#3f"))
    log.add(LoggedLine(0, 7, 9, "close"))
    log.store()
    run = create_run(session, played_from=source)
    own = CommandLog(Lease(run.pk, run.epoch, "w"))
    own.add(LoggedLine(0, 20, 30, "open", "bob", "full"))
    own.store()
    return run


def commands(api: APIClient, run: Run, **query: Any) -> Any:
    return api.get(f"/api/v1/runs/{run.pk}/commands/", query).json()


def test_the_log_of_a_played_back_run_begins_with_what_it_played(
    alice_api: APIClient, logged: Run
) -> None:
    found = commands(alice_api, logged)["results"]

    assert [(c["number"], c["do"], c.get("who")) for c in found] == [
        (1, "open", "alice"),
        (2, "data", None),
        (3, "close", None),
        (4, "open", "bob"),
    ]


def test_a_command_has_its_position_and_bytes(
    alice_api: APIClient, logged: Run
) -> None:
    assert commands(alice_api, logged)["results"][1] == {
        "number": 2,
        "cpu": 0,
        "retired": 0,
        "seq": 2,
        "do": "data",
        "data": b"$?#3f".hex(),
    }


def test_every_command_is_documented(client: APIClient) -> None:
    schema = client.get("/api/schema/?format=json").json()

    do = schema["components"]["schemas"]["CommandOut"]["properties"]["do"]
    if "$ref" in do:
        do = schema["components"]["schemas"][do["$ref"].rpartition("/")[2]]
    assert sorted(do["enum"]) == ["close", "data", "open", "park"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_commands_are_paged_across_both_runs(
    alice_api: APIClient, logged: Run, limit: int
) -> None:
    numbers, after = [], 0
    while after is not None:
        page = commands(alice_api, logged, after=after, limit=limit)
        numbers += [c["number"] for c in page["results"]]
        after = page["next"]

    assert numbers == [1, 2, 3, 4]


@pytest.mark.parametrize("what", ["packets", "commands"])
def test_charlie_reads_neither(
    charlie_api: APIClient, debugged: Run, what: str
) -> None:
    assert charlie_api.get(f"/api/v1/runs/{debugged.pk}/{what}/").status_code == 404


@pytest.mark.parametrize("what", ["packets", "commands"])
def test_bob_reads_both(bob_api: APIClient, debugged: Run, what: str) -> None:
    assert bob_api.get(f"/api/v1/runs/{debugged.pk}/{what}/").status_code == 200
