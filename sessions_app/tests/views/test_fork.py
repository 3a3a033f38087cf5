"""A run once more on another kernel, from the session page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sessions_app import runner
from sessions_app.models import DebugSession, Run
from sessions_app.run_facts import run_facts
from sessions_app.services.launch import launch_scenario
from sessions_app.tests.factories import create_run, create_switch_set


@pytest.fixture
def story(alice: User) -> Run:
    """A run of b-zero, whose processor is another one."""
    found = runner.scenario("perf-eats-kgdb")
    assert found is not None
    version = next(v for v in found.versions if v.variant.id == "b-zero")
    session = launch_scenario(owner=alice, scenario=found, versions=[version])
    return session.runs.get()


def fork(client: Client, run: Run, variant: str, **fields: str) -> Any:
    url = f"/sessions/{run.session_id}/runs/{run.number}/fork/"
    return client.post(url, {"variant": variant} | fields)


def latest(run: Run) -> Run:
    return Run.objects.filter(session=run.session_id).order_by("-number")[0]


def body(run: Run) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run.recipe.body)
    return told


def test_it_is_the_next_run_of_the_session(alice_client: Client, story: Run) -> None:
    answer = fork(alice_client, story, "d1")

    made = latest(story)
    assert answer["Location"] == f"/sessions/{story.session_id}/?run=2"
    assert (made.number, made.label) == (2, "2.6.33 as merged")


def test_only_the_kernel_and_its_processor_differ(
    alice_client: Client, story: Run
) -> None:
    fork(alice_client, story, "d1")

    before, after = body(story), body(latest(story))
    differs = [name for name in before if before[name] != after[name]]
    assert sorted(differs) == ["machine", "variant"]
    assert after["machine"]["profiles"]["dr6_fixed_bits"] == "real"


def test_switches_of_the_run_do_not_come_along(
    alice_client: Client, alice: User
) -> None:
    found = runner.scenario("execute-without-rf")
    assert found is not None
    session = launch_scenario(owner=alice, scenario=found)
    fork(alice_client, session.runs.get(), "g-bare")

    assert body(session.runs.get(number=2))["variant"]["set"] == {}


def test_a_set_gives_its_switches_and_its_name_as_label(
    alice_client: Client, alice: User, story: Run
) -> None:
    own = create_switch_set(alice, name="No RF", base="d4")

    fork(alice_client, story, f"set:{own.pk}")

    made = latest(story)
    assert body(made)["variant"] == {"base": "d4", "set": {"rf_by": "none"}}
    assert made.label == "No RF, on d4" and "No RF" not in made.recipe.body


def test_it_can_go_on_to_the_comparison(alice_client: Client, story: Run) -> None:
    answer = fork(alice_client, story, "d1", then="compare")

    made = latest(story)
    assert answer["Location"] == f"/compare/{story.pk}/{made.pk}/?wait=1"


@pytest.mark.parametrize("variant", ["", "z", "set:x"])
def test_a_kernel_that_is_none_makes_no_run(
    alice_client: Client, story: Run, variant: str
) -> None:
    answer = fork(alice_client, story, variant)
    html = alice_client.get(answer["Location"]).content.decode()

    assert latest(story).number == 1
    assert "is known to you" in html


def test_charlie_forks_nothing(charlie_client: Client, story: Run) -> None:
    assert fork(charlie_client, story, "d1").status_code == 404
    assert latest(story).number == 1


def test_bob_forks_nothing(bob_client: Client, session: DebugSession) -> None:
    run = create_run(session)

    assert fork(bob_client, run, "d1").status_code == 403


def test_the_session_page_offers_kernels_and_sets(
    alice_client: Client, alice: User, story: Run
) -> None:
    own = create_switch_set(alice)

    html = alice_client.get(f"/sessions/{story.session_id}/").content.decode()

    assert 'id="run-on"' in html and '<option value="d1">' in html
    assert f'<option value="set:{own.pk}">' in html


def test_a_reader_is_offered_nothing(bob_client: Client, session: DebugSession) -> None:
    create_run(session)

    html = bob_client.get(f"/sessions/{session.pk}/").content.decode()

    assert 'id="run-on"' not in html


# --- The kernel of a run in words


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("never-fires", "g-bare"),
        ("execute-without-rf", "g-bare, rf_by = none"),
        ("delivered-twice", "c with 2 other switches"),
        ("slot-leak", "g-bare, reserve_unwinds = false"),
    ],
)
def test_a_run_says_on_which_kernel_it_is(
    alice: User, scenario: str, words: str
) -> None:
    found = runner.scenario(scenario)
    assert found is not None
    session = launch_scenario(owner=alice, scenario=found)

    assert run_facts(session.runs.get()).variant == words
