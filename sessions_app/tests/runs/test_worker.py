"""A run through the real queue, worker, child, database and Redis."""

from __future__ import annotations

import json
import time

import pytest
from django.contrib.auth.models import User

from hwbpweb.celery import app
from hwbpweb.redis import redis_client
from sessions_app import dispatch, runner, selectors, stream
from sessions_app.models import Run, StoredRecipe
from sessions_app.services.launch import launch_scenario
from sessions_app.services.runs import run_create
from sessions_app.tests.factories import create_session, create_user

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("worker"),
]


@pytest.fixture
def alice(transactional_db: None) -> User:
    return create_user("alice")


def started(alice: User, slug: str) -> Run:
    scenario = runner.scenario(slug)
    assert scenario is not None
    return launch_scenario(owner=alice, scenario=scenario).runs.get()


def ended(run: Run, seconds: float = 30) -> Run:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        run.refresh_from_db()
        if run.is_over:
            return run
        time.sleep(0.05)
    raise AssertionError(f"the run is still {run.state}")


def test_a_scenario_is_executed_and_stored(alice: User) -> None:
    run = ended(started(alice, "watched-counter"))

    assert (run.state, run.outcome) == ("finished", "completed")
    records = selectors.records_from(run, 1, 100_000)
    assert [r.seq for r in records] == list(range(1, run.events + 1))
    assert selectors.hit_by_number(run, run.hits) is not None


def test_the_live_tail_holds_the_same_events(alice: User) -> None:
    run = ended(started(alice, "watched-counter"))

    with redis_client() as client:
        entries = client.xrange(stream.events_key(run.pk))
    tail = b"".join(stream.parse_entry(fields).records for _, fields in entries)
    block = selectors.record_block(run, 0)
    stored = block[2] if block else b""
    assert tail == stored


def test_two_runs_of_a_recipe_have_one_digest(alice: User) -> None:
    first = started(alice, "two-cpus-race")
    second = run_create(session=first.session, recipe=first.recipe)

    assert ended(first).digest == ended(second).digest


def test_a_recipe_whose_image_is_gone_fails_with_its_field(alice: User) -> None:
    scenario = runner.scenario("watched-counter")
    assert scenario is not None
    stored = StoredRecipe.objects.create(pk="0" * 64, body=json.dumps(scenario.recipe))
    run = run_create(session=create_session(alice), recipe=stored)

    assert ended(run).outcome == "recipe_error"
    assert run.detail.startswith("images[0].sha256")


def test_a_run_is_executed_once_though_it_is_delivered_twice(alice: User) -> None:
    run = ended(started(alice, "watched-counter"))

    dispatch.enqueue_run(run.pk)
    time.sleep(0.5)

    run.refresh_from_db()
    assert (run.attempts, run.epoch) == (1, 1)


def test_a_quick_job_comes_back(worker: None) -> None:
    source = "_start:\n    hlt\n"

    answer, image = dispatch.quick_job({"job": "assemble", "source": source}, b"")

    assert answer["ok"] is True
    assert image.startswith(b"\x7fELF")


def test_every_job_of_dispatch_is_registered() -> None:
    missing = [name for name in dispatch.JOB_NAMES if name not in app.tasks]

    assert missing == []
