"""The session page of runs in which something is wrong, and the home page beside it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from emulator.events import EventFlag, EventKind, Invariant, ShadowOwner
from emulator.snapshot import Moment
from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import (
    COUNTER,
    EVENTS_PER_HIT,
    create_run,
    event,
    hit_events,
    snapshot,
    store_chunk,
)


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def url(run: Run, query: str = "") -> str:
    return f"/sessions/{run.session_id}/{query}"


@pytest.fixture
def unseen(session: DebugSession) -> Run:
    """No hit: a write that kgdb believes to be watched, and an invariant that broke."""
    records = [
        event(1, EventKind.INT3, retired=1),
        event(
            2,
            EventKind.NOT_FIRED,
            addr=COUNTER,
            flags=EventFlag.WRITE,
            aux=ShadowOwner.kgdb,
            slot=2,
            retired=5,
        ),
        event(3, EventKind.INVARIANT, aux=Invariant.owner_is_armed, addr=COUNTER),
    ]
    said = [{"name": "owner_is_armed", "seq": 3}]
    run = create_run(session, events=3, violations=said)
    store_chunk(run, records, snapshot(1, 1, Moment.debugger_leave))
    return run


def problems(html: str) -> str:
    found = re.search(r'<section class="problems".*?</section>', html, re.DOTALL)
    return found[0] if found else ""


def test_what_is_wrong_is_listed_with_links(alice_client: Client, unseen: Run) -> None:
    found = problems(page(alice_client, url(unseen)))

    assert (
        "A breakpoint is believed to be armed and is not 0x402000, DR7 0x0 event 3 "
        "Not fired: write of counter by again+0x7 on CPU 0; kgdb believes it is "
        "watched event 2"
    ) in words(found)
    assert re.findall(r'<a href="([^"]+)"', found) == [
        "?run=1&amp;event=3",
        "?run=1&amp;event=2",
    ]


def test_what_did_not_fire_is_hollow_and_spoken(
    alice_client: Client, unseen: Run
) -> None:
    found = problems(page(alice_client, url(unseen)))

    assert 'aria-label="slot 2, should have fired"' in found and "ic-hollow" in found


def test_a_quiet_run_lists_nothing(alice_client: Client, run: Run) -> None:
    assert problems(page(alice_client, url(run))) == ""


def test_a_run_without_hits_shows_what_is_wrong_first(
    alice_client: Client, unseen: Run
) -> None:
    html = page(alice_client, url(unseen))

    assert 'Event <span class="mono" id="h-n">2<' in html
    text = words(html)
    assert (
        "1 watched access passed unseen In the whole run no breakpoint fired." in text
    )
    assert "not fired write at 0x402000: kgdb believes it is watched" in text


def test_the_address_chooses_an_event(alice_client: Client, unseen: Run) -> None:
    html = page(alice_client, url(unseen, "?run=1&event=1"))

    assert 'id="h-n">1<' in html and '<span class="fn">#BP<' in html


def test_registers_at_an_event_are_brought_up_to_it(
    alice_client: Client, unseen: Run
) -> None:
    text = words(page(alice_client, url(unseen, "?run=1&event=2")))

    assert "as recorded last before event 2, brought up to it" in text
    assert "State of CPU 0" in text


def test_an_event_inside_a_hit_opens_the_hit(alice_client: Client, run: Run) -> None:
    html = page(alice_client, url(run, f"?run=1&event={3 * EVENTS_PER_HIT + 2}"))

    assert 'Hit <span class="mono" id="h-n">4<' in html


@pytest.mark.parametrize("wrong", ["event=99999999", "event=x", "event=0", "event="])
def test_an_event_that_is_not_there_is_no_error(
    alice_client: Client, run: Run, wrong: str
) -> None:
    html = page(alice_client, url(run, f"?run=1&{wrong}"))

    assert 'id="h-n">1<' in html


def test_the_list_comes_alone_for_the_script(alice_client: Client, unseen: Run) -> None:
    html = page(alice_client, url(unseen, "runs/1/problems/"))

    assert html.lstrip().startswith('<section class="problems"')


def test_charlie_gets_no_list(charlie_client: Client, unseen: Run) -> None:
    answer = charlie_client.get(url(unseen, "runs/1/problems/"))

    assert answer.status_code == 404


def test_bob_reads_it_too(bob_client: Client, unseen: Run) -> None:
    assert "Not fired" in problems(page(bob_client, url(unseen)))


# --- Slots


@pytest.mark.parametrize("tail", ["", "?run=1&hit=2", "runs/1/hits/2/"])
def test_slots_are_in_the_page_and_in_the_moment(
    alice_client: Client, run: Run, tail: str
) -> None:
    text = words(page(alice_client, url(run, tail)))

    assert "CPU 0: 0 of 4 slots Nobody holds one." in text
    assert "In the registers of CPU 0" in text


def test_a_register_says_whose_it_is(
    alice_client: Client, session: DebugSession
) -> None:
    run = create_run(session, events=EVENTS_PER_HIT, hits=1)
    shots = snapshot(EVENTS_PER_HIT, 1, Moment.after_iret, bp_per_reg0=0x101)
    store_chunk(run, hit_events(1), shots)

    text = words(page(alice_client, url(run)))

    assert "DR0 kgdb's 0 counter write, 4 bytes, global".replace("'", "&#x27;") in text


# --- Outcomes in words


@pytest.mark.parametrize(
    ("outcome", "shape", "said"),
    [("livelock", "livelock", "livelock"), ("restops", "livelock", "stops for ever")],
)
def test_a_run_that_went_nowhere_says_so(
    alice_client: Client, session: DebugSession, outcome: str, shape: str, said: str
) -> None:
    run = create_run(session, outcome=outcome)

    html = page(alice_client, url(run))

    assert (
        f'<span class="state" data-s="{shape}" id="run-state" role="status">{said}<'
        in html
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"outcome": "restops"},
            "no progress: the debugger stops in one place again and again",
        ),
        (
            {
                "outcome": "completed",
                "violations": [{"name": "delivered_once", "seq": 1}],
            },
            "ran to its end; not delivered exactly once to its owner",
        ),
        (
            {"outcome": "completed", "violations": [{"name": "of_tomorrow", "seq": 1}]},
            "ran to its end; of tomorrow",
        ),
    ],
)
def test_home_shows_what_a_run_found_as_a_fault(
    alice_client: Client, session: DebugSession, fields: dict, said: str
) -> None:
    create_run(session, **fields)

    assert f'<span class="is-fault">{said}</span>' in page(alice_client, "/")


@pytest.mark.parametrize("violations", [None, []])
def test_home_is_quiet_about_a_run_that_is_right(
    alice_client: Client, session: DebugSession, violations: list | None
) -> None:
    create_run(session, violations=violations)

    assert "<span>ran to its end</span>" in page(alice_client, "/")


def test_a_kernel_with_kgdb_says_who_sets_breakpoints(
    alice_client: Client,
) -> None:
    alice_client.post("/scenarios/never-fires/run/")
    run = Run.objects.get()

    html = page(alice_client, url(run))

    assert "kgdb sets its breakpoints when it stops" in html
