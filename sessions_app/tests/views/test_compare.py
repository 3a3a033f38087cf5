"""The page of two compared runs, as the server renders it."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from emulator.events import Callee, EventKind
from sessions_app.models import DebugSession, Run
from sessions_app.tests.compared import stored_run
from sessions_app.tests.factories import (
    create_recipe,
    create_run,
    create_session,
    event,
    hit_events,
    store_chunk,
)


@pytest.fixture
def left(session: DebugSession) -> Run:
    """Ten hits, all right."""
    return stored_run(session)


@pytest.fixture
def right(session: DebugSession) -> Run:
    """Ten hits; DR7 is stale after hits 4 and 7."""
    return stored_run(session, stale=(4, 7))


def url(left: Run, right: Run, query: str = "") -> str:
    return f"/compare/{left.pk}/{right.pk}/{query}"


def page(client: Client, left: Run, right: Run, query: str = "") -> str:
    answer = client.get(url(left, right, query))
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    """The text of a page, tags away and spaces made one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def part(html: str, css: str, tag: str = "section") -> str:
    """The element whose class begins so."""
    found = re.search(rf'<{tag} class="{css}.*?</{tag}>', html, re.DOTALL)
    assert found is not None
    return found[0]


# --- Who


def test_charlie_does_not_find_it(
    charlie_client: Client, left: Run, right: Run
) -> None:
    assert charlie_client.get(url(left, right)).status_code == 404


def test_a_stranger_does_not_find_it(client: Client, left: Run, right: Run) -> None:
    assert client.get(url(left, right)).status_code == 404


def test_both_runs_must_be_readable(
    alice_client: Client, left: Run, charlie: User
) -> None:
    secret = stored_run(create_session(charlie))

    assert alice_client.get(url(left, secret)).status_code == 404


def test_bob_reads_it_by_link_and_no_engine_keeps_it(
    bob_client: Client, left: Run, right: Run
) -> None:
    answer = bob_client.get(url(left, right))

    assert (answer.status_code, answer["X-Robots-Tag"]) == (200, "noindex")


def test_an_unknown_run(alice_client: Client, left: Run) -> None:
    gone = "00000000-0000-0000-0000-000000000000"

    assert alice_client.get(f"/compare/{left.pk}/{gone}/").status_code == 404


# --- A difference


def test_the_first_divergence_stands_across(
    alice_client: Client, left: Run, right: Run
) -> None:
    bar = words(part(page(alice_client, left, right), "cmp-bar"))

    assert "First divergence hit 4 on CPU 0 DR7 after IRET: A 0xd0602, B 0x10602" in bar


def test_both_verdicts_are_told(alice_client: Client, left: Run, right: Run) -> None:
    html = page(alice_client, left, right)

    assert "Delivered once A 4-byte write to counter" in words(
        part(html, "cmp-side cmp-a")
    )
    assert "Delivered once, but DR7 and cpu_dr7 part" in words(
        part(html, "cmp-side cmp-b")
    )


def test_both_strips_are_of_the_hit(
    alice_client: Client, left: Run, right: Run
) -> None:
    html = page(alice_client, left, right)

    assert "after IRET 000d 0602 agree" in words(part(html, "cmp-pin cmp-pin-a"))
    assert "after IRET 0001 0602 2 bits disagree" in words(
        part(html, "cmp-pin cmp-pin-b")
    )


def test_equal_stretches_are_folded(
    alice_client: Client, left: Run, right: Run
) -> None:
    folds = re.findall(
        r'class="fold" href="([^"]+)"[^>]*>([^<]+)<', page(alice_client, left, right)
    )

    assert folds == [
        ("?at=1&amp;open=0", "3 equal hits, 18 equal events"),
        ("?at=1&amp;open=4", "2 equal hits, 12 equal events"),
        ("?at=2", "with 5 events more"),
        ("?at=1&amp;open=7", "3 equal hits and 1 other, 19 equal events"),
    ]


def test_a_fold_opens(alice_client: Client, left: Run, right: Run) -> None:
    html = page(alice_client, left, right, "?at=1&open=0")

    assert "open=0" not in html
    assert html.count('class="pair-row is-same"') > 18


def test_the_line_where_they_part_is_marked(
    alice_client: Client, left: Run, right: Run
) -> None:
    row = part(page(alice_client, left, right), "pair-row is-first", "tr")

    assert "iret" in row
    assert re.findall(r'DR7 after IRET <b class="mono">(\w+)<', row) == [
        "0xd0602",
        "0x10602",
    ]


@pytest.mark.parametrize(
    ("query", "number", "hit"), [("", 1, 4), ("?at=2", 2, 7), ("?at=99", 2, 7)]
)
def test_the_address_names_the_difference(
    alice_client: Client, left: Run, right: Run, query: str, number: int, hit: int
) -> None:
    html = page(alice_client, left, right, query)

    assert f'data-number="{number}"' in html
    assert f"run 1, hit {hit}" in words(part(html, "cmp-side cmp-a"))


def test_links_lead_to_the_differences_around(
    alice_client: Client, left: Run, right: Run
) -> None:
    first, last = (page(alice_client, left, right, f"?at={n}") for n in (1, 2))

    assert 'id="d-next" href="?at=2"' in first and 'id="d-prev"' not in first
    assert 'id="d-prev" href="?at=1"' in last and 'id="d-next"' not in last


def test_a_swap_stays_at_the_difference(
    alice_client: Client, left: Run, right: Run
) -> None:
    html = page(alice_client, left, right, "?at=2")

    assert f'id="swap" href="{url(right, left, "?at=2")}"' in html


def test_the_sorts_of_differences_are_counted(
    alice_client: Client, left: Run, right: Run
) -> None:
    facts = words(part(page(alice_client, left, right), "cmp-facts", "aside"))

    assert "8 equal hits, 2 changed." in facts
    assert "DR7 = cpu_dr7 after IRET A yes B no, 2 of 10 returns" in facts
    assert "DR7 after IRET 2× A 0xd0602 B 0x10602" in facts


def test_the_recipes_are_held_against_each_other(
    alice_client: Client, session: DebugSession, left: Run
) -> None:
    recipe = create_recipe(variant={"base": "d4", "set": {}})
    other = stored_run(session, stale=(1,), recipe=recipe)

    assert "differs in variant" in words(page(alice_client, left, other))


# --- A hit on one side


@pytest.fixture
def fewer(session: DebugSession) -> Run:
    """Hits 1, 2 and 4 to 10."""
    return stored_run(session, (1, 2, *range(4, 11)))


def test_a_hit_of_one_side_says_what_the_other_did(
    alice_client: Client, left: Run, fewer: Run
) -> None:
    html = page(alice_client, left, fewer)

    assert (
        "No such hit in B Before it: hit 2, at 20 retired. After it: hit 3, at 40"
        in (words(part(html, "cmp-side cmp-b")))
    )


def test_a_hit_of_one_side_shows_the_registers_before_on_the_other(
    alice_client: Client, left: Run, fewer: Run
) -> None:
    html = page(alice_client, left, fewer)

    assert "as it was last before 000d 0602" in words(part(html, "cmp-pin cmp-pin-b"))


def test_the_hits_keep_their_own_numbers(
    alice_client: Client, left: Run, fewer: Run
) -> None:
    html = page(alice_client, left, fewer)

    assert "run 1, hit 3" in words(part(html, "cmp-side cmp-a"))
    assert "hit" not in words(part(html, "cmp-side cmp-b"))[:20]


def test_a_difference_that_is_no_hit(
    alice_client: Client, session: DebugSession
) -> None:
    runs = []
    for number in (1, 60):
        run = create_run(session, events=1)
        store_chunk(run, [event(1, EventKind.SYSCALL, value=number)])
        runs.append(run)

    html = words(page(alice_client, *runs))

    assert "Here: System call. Number 1, first argument 0x0." in html
    assert "no registers recorded" in html


def test_a_broken_invariant_is_a_fault(
    alice_client: Client, session: DebugSession, left: Run
) -> None:
    other = create_run(session, events=1)
    store_chunk(other, [event(1, EventKind.INVARIANT, aux=1)])

    side = part(page(alice_client, other, left), "cmp-side cmp-a")

    assert 'data-sev="fault"' in side


def test_an_event_that_stops_the_debugger_says_so(
    alice_client: Client, session: DebugSession, left: Run
) -> None:
    other = create_run(session, events=2)
    root = event(1, EventKind.INT3)
    store_chunk(other, [root, event(2, EventKind.DEBUGGER_STOP, 1, value=1, aux=5)])

    side = part(page(alice_client, other, left), "cmp-side cmp-a")

    assert "1 stop in the debugger." in words(side)


# --- No difference


def test_no_difference_is_a_page_of_its_own(
    alice_client: Client, session: DebugSession, left: Run
) -> None:
    text = words(page(alice_client, left, stored_run(session)))

    assert "No difference" in text and "61 events and 10 hits" in text


def test_equal_digests_are_the_proof(
    alice_client: Client, session: DebugSession
) -> None:
    one, other = (stored_run(session, digest="ab" * 32) for _ in range(2))

    assert "Both runs have the digest abab abab abab abab" in words(
        page(alice_client, one, other)
    )


def broken(session: DebugSession) -> Run:
    """A hit that breaks an invariant."""
    run = create_run(session, events=7, hits=1)
    records = [*hit_events(1), event(7, EventKind.INVARIANT, 1, aux=1, retired=10)]
    store_chunk(run, records)
    return run


def test_equal_and_wrong_in_both_is_said(
    alice_client: Client, session: DebugSession
) -> None:
    text = words(page(alice_client, broken(session), broken(session)))

    assert (
        "Equal, and wrong in both DR7 and cpu_dr7 part after IRET, once in both" in text
    )


def test_it_is_said_beside_differences_too(
    alice_client: Client, session: DebugSession
) -> None:
    one, other = broken(session), create_run(session, events=8, hits=1)
    records = [*hit_events(1), event(7, EventKind.INVARIANT, 1, aux=1, retired=10)]
    store_chunk(other, [*records, event(8, EventKind.CALL, 1, aux=Callee.kgdb_notify)])

    assert "Equal, and wrong in both" in part(
        page(alice_client, one, other), "cmp-facts", "aside"
    )


# --- Runs that are not over


def test_a_running_run_says_how_far_it_was_compared(
    alice_client: Client, session: DebugSession, right: Run
) -> None:
    running = stored_run(session, range(1, 6), end=None, state="running", outcome="")

    assert "A is running: compared up to event 30; reload for more." in words(
        page(alice_client, running, right)
    )


def test_a_run_without_events_is_said(
    alice_client: Client, session: DebugSession, left: Run
) -> None:
    queued = create_run(session, state="queued", outcome="")

    answer = alice_client.get(url(left, queued))

    assert answer.status_code == 409
    assert "has recorded nothing yet: it is queued" in words(answer.content.decode())


# --- The way there


def test_the_session_page_offers_its_other_runs(
    alice_client: Client, left: Run, right: Run
) -> None:
    html = alice_client.get(f"/sessions/{left.session_id}/?run=1").content.decode()

    assert f'href="{url(left, right)}"' in html
    assert f'href="{url(left, left)}"' not in html


def test_a_session_of_one_run_offers_nothing(alice_client: Client, left: Run) -> None:
    html = alice_client.get(f"/sessions/{left.session_id}/").content.decode()

    assert "compare with" not in html


def test_the_page_costs_few_queries(
    alice_client: Client, left: Run, right: Run, django_assert_max_num_queries
) -> None:
    page(alice_client, left, right)

    with django_assert_max_num_queries(40):
        page(alice_client, left, right, "?at=2")
