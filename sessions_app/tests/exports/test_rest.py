"""/runs/<id>/export/: who may, which formats, and that a long run is a stream."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc

import pytest
from django.test import AsyncClient
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as proto
from rest_framework.test import APIClient

from sessions_app import exports
from sessions_app.exports import FORMATS, run_export
from sessions_app.models import DebugSession, EventChunk, Run
from sessions_app.services.chunks import ChunkWriter, chunks_merge
from sessions_app.tests.factories import create_run, store_hits
from sessions_app.tests.store.test_chunks import batch

HITS = 250


def get(api: APIClient, run: Run, query: str):
    return api.get(f"/api/v1/runs/{run.pk}/export/?{query}")


def body(api: APIClient, run: Run, query: str) -> bytes:
    answer = get(api, run, query)
    assert answer.status_code == 200, answer.content
    return b"".join(answer)


def test_a_table_has_a_row_for_each_hit(alice_api: APIClient, run: Run) -> None:
    text = body(alice_api, run, "format=csv").decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert [int(r["hit_no"]) for r in rows] == list(range(1, HITS + 1))
    assert rows[0]["place"] == "counter"


def test_a_query_chooses(alice_api: APIClient, run: Run) -> None:
    text = body(alice_api, run, "format=csv&q=kind:hit+value:7..9").decode()

    assert len(text.splitlines()) == 1 + 3


def test_lines_are_all_events_unless_asked_otherwise(
    alice_api: APIClient, run: Run
) -> None:
    lines = body(alice_api, run, "format=ndjson").splitlines()

    assert [json.loads(line)["seq"] for line in lines] == list(range(1, HITS * 6 + 1))


def test_chrome_json_is_one_object(alice_api: APIClient, run: Run) -> None:
    trace = json.loads(body(alice_api, run, "format=chrome"))

    assert len([e for e in trace["traceEvents"] if e["ph"] == "i"]) == HITS
    assert trace["otherData"]["run"] == str(run.pk)


def test_a_perfetto_trace_has_the_hits(alice_api: APIClient, run: Run) -> None:
    trace = proto.Trace()
    trace.ParseFromString(body(alice_api, run, "format=perfetto&clock=seq"))
    times = [
        p.timestamp
        for p in trace.packet
        if p.HasField("track_event") and p.timestamp and p.track_event.type == 3
    ]

    assert times == [(6 * n + 1) * 1000 for n in range(HITS)]


def test_tenet_has_a_line_for_each_hit(alice_api: APIClient, run: Run) -> None:
    assert len(body(alice_api, run, "format=tenet").splitlines()) == HITS


@pytest.mark.parametrize("name", FORMATS)
def test_the_file_has_a_name_and_a_type(
    name: str, alice_api: APIClient, run: Run
) -> None:
    answer = get(alice_api, run, f"format={name}")
    b"".join(answer)

    found = FORMATS[name]
    assert answer["Content-Type"] == found.content_type
    wanted = f'attachment; filename="run-{str(run.pk)[:8]}.{found.extension}"'
    assert answer["Content-Disposition"] == wanted


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("format=pdf", "format", "pdf"),
        ("", "format", ""),
        ("format=csv&clock=wall", "clock", "wall"),
        ("format=csv&q=colour:red", "q", "colour:red"),
    ],
)
def test_a_refusal_names_field_value_and_what_is_allowed(
    query: str, field: str, value: str, alice_api: APIClient, run: Run
) -> None:
    answer = get(alice_api, run, query)

    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    error = answer.json()["errors"][0]
    assert (error["field"], error["value"]) == (field, value)
    assert error["allowed"]


def test_a_stranger_finds_no_run(charlie_api: APIClient, run: Run) -> None:
    assert get(charlie_api, run, "format=csv").status_code == 404


def test_a_reader_by_link_may_take_the_file(bob_api: APIClient, run: Run) -> None:
    assert len(body(bob_api, run, "format=csv").splitlines()) == HITS + 1


def test_an_accept_header_does_not_matter(alice_api: APIClient, run: Run) -> None:
    answer = alice_api.get(
        f"/api/v1/runs/{run.pk}/export/?format=csv", headers={"Accept": "text/csv"}
    )

    assert b"".join(answer).startswith(b"seq,")


@pytest.mark.django_db(transaction=True)
async def test_under_asgi_the_pieces_are_sent_as_they_are_made(alice, run: Run) -> None:
    client = AsyncClient()
    await client.aforce_login(alice)
    answer = await client.get(f"/api/v1/runs/{run.pk}/export/?format=csv")

    assert answer.is_async
    pieces = [piece async for piece in answer]
    # The head, and one for each of the run's three chunks.
    assert len(pieces) == 4


def test_a_long_run_takes_no_more_memory_than_a_short_one(
    session: DebugSession,
) -> None:
    """Three times the chunks, the same peak; a list of them all would be three times."""

    def peak(chunks: int) -> int:
        run = create_run(session)
        store_hits(run, 100 * chunks)
        tracemalloc.start()
        for _ in run_export(run, "chrome").pieces:
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)  # what is cached once for all
    assert peak(120) < 1.5 * peak(40)


def test_a_chunk_that_is_merged_meanwhile_is_sent_once(session: DebugSession) -> None:
    run = create_run(session, state="running", outcome="")
    writer = ChunkWriter(run.pk, 1)
    for tail in range(10):
        writer.add(batch(tail * 5 + 1, 5))
        writer.flush()
    pieces = run_export(run, "ndjson").pieces
    sent = [next(pieces), next(pieces)]

    chunks_merge(run.pk, 1)
    assert EventChunk.objects.count() == 1
    sent += pieces

    seqs = [json.loads(line)["seq"] for line in b"".join(sent).splitlines()]
    assert seqs == list(range(1, 301))


def test_each_format_is_on_the_page(alice_client, session: DebugSession, run: Run):
    page = alice_client.get(f"/sessions/{session.pk}/?q=value:7").content.decode()

    for name in exports.FORMATS:
        query = "" if name == exports.WHOLE else "&amp;q=value%3A7"
        assert f'/export/?format={name}{query}"' in page
