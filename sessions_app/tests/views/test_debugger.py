"""The debugger on the session page: who sees what, and which forms there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from emulator.events import EventKind
from sessions_app.models import DebugSession, Run
from sessions_app.services.debugger.switchboard import CONSOLE
from sessions_app.tests.factories import create_run, event, store_chunk

pytestmark = pytest.mark.usefixtures("redis_server")

BY_GDB = {
    "state": "stopped",
    "who": "alice",
    "face": "full",
    "via": "gdb",
    "reason": "watch",
}
HERE = BY_GDB | {
    "via": CONSOLE,
    "breakpoints": [
        {
            "number": 1,
            "kind": "watch",
            "address": "0x402000",
            "length": 4,
            "place": "counter",
        }
    ],
}


def live(session: DebugSession, **fields: Any) -> Run:
    return create_run(session, state="running", outcome="", **fields)


def page(client: Client, run: Run, what: str = "debugger/") -> str:
    url = f"/sessions/{run.session_id}/runs/{run.number}/{what}"
    answer = client.get(url, headers={"X-Fragment": "1"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_everybody_sees_who_controls(bob_client: Client, session: DebugSession) -> None:
    run = live(session, debugger=BY_GDB)

    text = bob_client.get(f"/sessions/{session.pk}/").content.decode()

    assert "alice controls it (gdb): stopped, watch" in text
    assert page(bob_client, run).count("alice controls it (gdb)") == 1


def test_a_viewer_has_no_controls(bob_client: Client, session: DebugSession) -> None:
    assert "<form" not in page(bob_client, live(session))


def test_the_line_for_gdb_has_no_token(
    alice_client: Client, session: DebugSession
) -> None:
    run = live(session)

    assert f"target remote | hwbp --url http://testserver gdb {run.pk}" in page(
        alice_client, run
    )


def test_nobody_controls_at_first(alice_client: Client, session: DebugSession) -> None:
    text = page(alice_client, live(session))

    assert "Nobody controls this run" in text
    assert 'value="attach"' in text


def test_while_gdb_controls_there_is_nothing_to_press(
    alice_client: Client, session: DebugSession
) -> None:
    text = page(alice_client, live(session, debugger=BY_GDB))

    assert 'name="do"' not in text


def test_registers_and_memory_are_written_only_while_it_stands_still(
    alice_client: Client, session: DebugSession
) -> None:
    stopped = page(alice_client, live(session, debugger=HERE))
    running = page(alice_client, live(session, debugger=HERE | {"state": "running"}))

    assert "write_registers" in stopped and "write_memory" in stopped
    assert "write_registers" not in running and "write_memory" not in running
    assert 'value="interrupt"' in running


def test_breakpoints_can_be_deleted(
    alice_client: Client, session: DebugSession
) -> None:
    text = page(alice_client, live(session, debugger=HERE))

    assert "Delete breakpoint 1" in text
    assert "counter" in text


def test_without_a_script_the_debugger_has_a_page_of_its_own(
    alice_client: Client, session: DebugSession
) -> None:
    run = live(session)

    answer = alice_client.get(f"/sessions/{session.pk}/runs/{run.number}/debugger/")

    assert "<h1" in answer.content.decode()


def test_a_wrong_place_is_said_where_it_was_typed(
    alice_client: Client, session: DebugSession
) -> None:
    run = live(session, debugger=HERE)
    url = f"/sessions/{session.pk}/runs/{run.number}/control/"

    text = alice_client.post(url, {"do": "watch", "at": "countr"}).content.decode()

    assert 'role="alert"' in text
    assert "no countr here; allowed: counter" in text


@pytest.mark.parametrize("what", ["control/", "listen/"])
def test_charlie_controls_nothing(
    charlie_client: Client, session: DebugSession, what: str
) -> None:
    run = live(session)
    url = f"/sessions/{session.pk}/runs/{run.number}/{what}"

    assert charlie_client.post(url, {"do": "step"}).status_code == 404


@pytest.mark.parametrize("what", ["control/", "listen/", "replay/"])
def test_bob_controls_nothing(
    bob_client: Client, session: DebugSession, what: str
) -> None:
    run = live(session)
    url = f"/sessions/{session.pk}/runs/{run.number}/{what}"

    assert bob_client.post(url, {"do": "step"}).status_code == 403


def debugged(session: DebugSession) -> Run:
    run = create_run(session, events=1)
    packet = event(1, EventKind.PACKET, aux=0, value=9)
    store_chunk(run, [packet], texts=[(1, 4, b"m402000,8")])
    return run


def test_packets_are_listed_in_words(
    alice_client: Client, session: DebugSession
) -> None:
    text = page(alice_client, debugged(session), "packets/")

    assert "read 8 bytes at counter" in text
    assert "m402000,8" in text


def test_packets_are_continued_from_a_cursor(
    alice_client: Client, session: DebugSession
) -> None:
    text = page(alice_client, debugged(session), "packets/?after=1")

    assert "m402000,8" not in text


def test_a_debugged_run_can_be_played_back_from_its_page(
    alice_client: Client, session: DebugSession
) -> None:
    run = debugged(session)
    text = alice_client.get(f"/sessions/{session.pk}/").content.decode()
    again = alice_client.post(f"/sessions/{session.pk}/runs/{run.number}/replay/")

    made = Run.objects.get(played_from=run)
    assert "Play back what the debugger did" in text
    assert again.url.endswith(f"?run={made.number}")


def test_a_played_back_run_says_so(alice_client: Client, session: DebugSession) -> None:
    run = debugged(session)
    label = f"played back from run {run.number}"
    create_run(session, played_from=run, label=label)

    text = alice_client.get(f"/sessions/{session.pk}/").content.decode()

    assert f"{label}" in text
    assert f"played back what a debugger did to run {run.number}" in text
