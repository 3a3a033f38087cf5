"""Events, hits, trees and snapshots over REST."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from emulator.events import EventKind
from sessions_app.models import DebugSession, Run
from sessions_app.tests.factories import (
    EVENTS_PER_HIT,
    create_run,
    event,
    hit_events,
    store_chunk,
    store_hits,
)

ALL_HITS = 250


def hits(api: APIClient, run: Run, query: str = "") -> list[dict]:
    answer = api.get(f"/api/v1/runs/{run.pk}/hits/?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_64_bit_values_are_hex_strings(alice_api: APIClient, run: Run) -> None:
    hit = hits(alice_api, run, "limit=1")[0]

    assert (hit["addr"], hit["rip"], hit["value"]) == ("0x402000", "0x40100c", "0x1")


def test_a_hit_names_place_and_instruction(alice_api: APIClient, run: Run) -> None:
    hit = hits(alice_api, run, "limit=1")[0]

    assert (hit["place"], hit["at"], hit["kind"]) == ("counter", "again+0x7", "W4")


def test_hits_are_numbered_from_one(alice_api: APIClient, run: Run) -> None:
    assert [h["hit_no"] for h in hits(alice_api, run, "limit=3")] == [1, 2, 3]


def test_the_cursor_walks_over_every_hit_once(alice_api: APIClient, run: Run) -> None:
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = alice_api.get(
            f"/api/v1/runs/{run.pk}/hits/?after={after}&limit=70"
        ).json()
        seen += [h["hit_no"] for h in page["results"]]
        after = page["next"]

    assert seen == list(range(1, ALL_HITS + 1))


def test_hits_from_a_number_on(alice_api: APIClient, run: Run) -> None:
    numbers = [h["hit_no"] for h in hits(alice_api, run, "from=199&limit=3")]

    assert numbers == [199, 200, 201]


def test_hits_beyond_the_last_are_none(alice_api: APIClient, run: Run) -> None:
    assert hits(alice_api, run, "from=9999") == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        pytest.param("slot=0", 250, id="slot"),
        pytest.param("slot=1,2", 0, id="other-slots"),
        pytest.param("cpu=1", 125, id="cpu"),
        pytest.param("addr=0x402000", 250, id="address"),
        pytest.param("addr=counter", 250, id="symbol"),
        pytest.param("addr=counter%2B0x4..0x500000", 0, id="address-range"),
        pytest.param("t=11..30", 2, id="time"),
        pytest.param("cpu=1&t=11..50", 2, id="both"),
        pytest.param("q=cpu:1+t:11..50", 2, id="line"),
        pytest.param("kind=iret", 0, id="kind-that-is-no-hit"),
    ],
)
def test_filters(
    alice_api: APIClient, session: DebugSession, query: str, count: int
) -> None:
    run = create_run(session)
    store_hits(run, ALL_HITS, cpus=2)

    assert len(hits(alice_api, run, f"{query}&limit=1000")) == count


def test_events_filter_by_kind(alice_api: APIClient, run: Run) -> None:
    page = alice_api.get(f"/api/v1/runs/{run.pk}/events/?kind=iret&limit=1000").json()

    assert {e["kind"] for e in page["results"]} == {"IRET"}


def test_an_event_of_no_slot_has_none(alice_api: APIClient, run: Run) -> None:
    assert alice_api.get(f"/api/v1/runs/{run.pk}/events/2/").json()["slot"] is None


def test_an_event_that_is_not_there(alice_api: APIClient, run: Run) -> None:
    assert alice_api.get(f"/api/v1/runs/{run.pk}/events/999999/").status_code == 404


def test_the_tree_of_a_hit(alice_api: APIClient, run: Run) -> None:
    tree = alice_api.get(f"/api/v1/runs/{run.pk}/hits/3/tree/").json()["tree"]

    names = [child["name"] for child in tree["children"]]
    assert (tree["name"], names) == ("#DB", ["notify_die", "", "iret"])


def test_the_verdict_of_a_hit(alice_api: APIClient, run: Run) -> None:
    verdict = alice_api.get(f"/api/v1/runs/{run.pk}/hits/3/tree/").json()["verdict"]

    assert (verdict["title"], verdict["severity"]) == ("Delivered once", "ok")


def test_the_verdict_knows_the_value_before(alice_api: APIClient, run: Run) -> None:
    verdict = alice_api.get(f"/api/v1/runs/{run.pk}/hits/3/tree/").json()["verdict"]

    assert "it holds 0x3, before it was 0x2" in verdict["sentence"]


def test_a_snapshot_holds_all_registers_as_hex(alice_api: APIClient, run: Run) -> None:
    seq = 2 * EVENTS_PER_HIT + 1
    shot = alice_api.get(f"/api/v1/runs/{run.pk}/events/{seq}/snapshot/").json()

    assert (shot["registers"]["rax"], shot["registers"]["dr7"]) == ("0x3", "0xd0602")


def test_a_snapshot_says_dr7_in_words(alice_api: APIClient, run: Run) -> None:
    shot = alice_api.get(f"/api/v1/runs/{run.pk}/events/1/snapshot/").json()

    assert shot["words"]["dr7"][0] == "write, 4 bytes, global"


def test_output_is_text_and_bytes(alice_api: APIClient, session: DebugSession) -> None:
    run = create_run(session, events=1)
    store_chunk(
        run, [event(1, EventKind.OUTPUT, value=3, aux=1)], texts=[(1, 1, b"hi\xff")]
    )

    piece = alice_api.get(f"/api/v1/runs/{run.pk}/output/").json()[0]

    assert piece == {"seq": 1, "stream": "stdout", "text": "hi\ufffd", "base64": "aGn/"}


def test_chunks_of_an_older_lease_are_not_read(
    alice_api: APIClient, session: DebugSession
) -> None:
    run = create_run(session, epoch=1)
    store_chunk(run, hit_events(1))
    run.epoch = 2
    run.save()

    assert hits(alice_api, run) == []


@pytest.mark.parametrize("path", ["hits/?limit=200", "events/?limit=1000"])
def test_the_number_of_queries_does_not_grow_with_the_page(
    alice_api: APIClient, run: Run, path: str, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(18):
        alice_api.get(f"/api/v1/runs/{run.pk}/{path}")
