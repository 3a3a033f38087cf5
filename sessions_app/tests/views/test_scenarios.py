"""The scenario library: home, a page for each scenario, and the clicks that run it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from sessions_app import runner
from sessions_app.models import DebugSession, Run
from sessions_app.tests.compared import stored_run

STORIES = [s for s in runner.scenarios() if s.versions]
PLAIN = [s for s in runner.scenarios() if not s.versions]


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    """The text of a page, tags away and spaces made one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# --- Home


def test_home_shows_each_scenario_once(alice_client: Client) -> None:
    shown = re.findall(r'<h3><a href="/scenarios/([\w-]+)/"', page(alice_client, "/"))

    assert sorted(shown) == sorted(s.slug for s in runner.scenarios())


def test_home_shows_the_two_stories_of_2026_first_and_larger(
    alice_client: Client,
) -> None:
    html = page(alice_client, "/")

    larger = html.partition('class="lib lib-lead"')[2].partition('class="lib"')[0]
    assert re.findall(r'<h3><a href="/scenarios/([\w-]+)/"', larger) == [
        "perf-eats-kgdb",
        "never-fires",
    ]


def test_each_scenario_has_a_picture_that_is_told(alice_client: Client) -> None:
    html = page(alice_client, "/")

    pictures = re.findall(r'class="scn-pic"[^>]* role="img" aria-label="([^"]+)"', html)
    assert len(pictures) == len(runner.scenarios()) == len(set(pictures))


# --- The page


@pytest.mark.parametrize("slug", ["no-such", "..", "stale-dr7/../x"])
def test_an_unknown_scenario_is_404(alice_client: Client, slug: str) -> None:
    assert alice_client.get(f"/scenarios/{slug}/").status_code == 404


def test_a_stranger_is_asked_to_sign_in(client: Client, db: None) -> None:
    answer = client.get("/scenarios/stale-dr7/")

    assert answer["Location"].startswith("/accounts/login/")


def test_the_list_is_on_the_home_page(client: Client) -> None:
    assert client.get("/scenarios/")["Location"] == "/#library"


@pytest.mark.parametrize("scenario", runner.scenarios(), ids=lambda s: s.slug)
def test_the_page_has_the_whole_text(
    alice_client: Client, scenario: runner.Scenario
) -> None:
    text = words(page(alice_client, f"/scenarios/{scenario.slug}/"))

    told = re.sub(r"[`*]", "", scenario.text).replace("'", "&#x27;")
    for paragraph in told.replace('"', "&quot;").split("\n\n"):
        first = " ".join(paragraph.split()[:4])
        assert first in re.sub(r" ([.,;:)])", r"\1", text)


@pytest.mark.parametrize("scenario", STORIES, ids=lambda s: s.slug)
def test_the_page_says_of_each_version_what_must_come_of_it(
    alice_client: Client, scenario: runner.Scenario
) -> None:
    html = page(alice_client, f"/scenarios/{scenario.slug}/")

    parts = html.split('<li class="version"')[1:]
    assert len(parts) == len(scenario.versions)
    for part, version in zip(parts, scenario.versions, strict=True):
        said = re.findall(r"<li>([^<]+)</li>", part)
        assert [s.replace("&#x27;", "'") for s in said] == list(version.expect_words)


@pytest.mark.parametrize(
    "said",
    [
        "buggy The handler restores what it saved",
        "fixed The handler writes cpu_dr7",
        "Patch 1/4, version 1",
        "reconstruction",
        "handler_dr7_exit = saved",
        "its full text is lost",
    ],
)
def test_a_version_is_told_with_its_kernel(alice_client: Client, said: str) -> None:
    assert said in words(page(alice_client, "/scenarios/stale-dr7/"))


def test_a_version_says_what_else_differs(alice_client: Client) -> None:
    text = words(page(alice_client, "/scenarios/early-handover/"))

    assert "differs in kgdb, script" in text


def test_a_scenario_without_versions_has_one_button(alice_client: Client) -> None:
    html = page(alice_client, f"/scenarios/{PLAIN[0].slug}/")

    assert html.count("/run/") == 1 and "/compare/" not in html


def test_the_program_is_there_to_read(alice_client: Client) -> None:
    html = page(alice_client, "/scenarios/lazy-switch/")

    assert "program.s, the program" in html and "tracee.s, the program" in html


# --- Running


def test_a_scenario_runs_as_it_is_told(alice_client: Client) -> None:
    alice_client.post("/scenarios/stale-dr7/run/")

    run = Run.objects.get()
    told = runner.scenario("stale-dr7")
    assert told is not None
    assert run.recipe_id == told.versions[0].recipe_id and run.label == ""


def test_a_version_runs_under_its_label(alice_client: Client) -> None:
    alice_client.post("/scenarios/stale-dr7/run/", {"version": "1"})

    run = Run.objects.get()
    told = runner.scenario("stale-dr7")
    assert told is not None
    assert (run.recipe_id, run.label) == (
        told.versions[1].recipe_id,
        "The handler writes cpu_dr7",
    )


@pytest.mark.parametrize("version", ["7", "-1", "", "x", "9" * 5000])
def test_a_version_that_is_not_there_makes_nothing(
    alice_client: Client, version: str
) -> None:
    answer = alice_client.post("/scenarios/stale-dr7/run/", {"version": version})

    assert (answer.status_code, DebugSession.objects.count()) == (404, 0)


@pytest.mark.parametrize("scenario", STORIES, ids=lambda s: s.slug)
def test_both_sides_run_in_one_session(
    alice_client: Client, scenario: runner.Scenario
) -> None:
    alice_client.post(f"/scenarios/{scenario.slug}/compare/")

    session = DebugSession.objects.get()
    assert scenario.pair is not None
    assert [(r.recipe_id, r.label) for r in session.runs.order_by("number")] == [
        (v.recipe_id, v.label) for v in scenario.pair
    ]


def test_the_click_leads_to_the_comparison(alice_client: Client) -> None:
    answer = alice_client.post("/scenarios/stale-dr7/compare/")

    left, right = Run.objects.order_by("number")
    assert answer["Location"] == f"/compare/{left.pk}/{right.pk}/?wait=1"


def test_a_scenario_without_versions_has_nothing_to_compare(
    alice_client: Client,
) -> None:
    answer = alice_client.post(f"/scenarios/{PLAIN[0].slug}/compare/")

    assert (answer.status_code, DebugSession.objects.count()) == (404, 0)


def test_run_again_keeps_the_label(alice_client: Client) -> None:
    alice_client.post("/scenarios/stale-dr7/run/", {"version": "1"})
    session = DebugSession.objects.get()

    alice_client.post(f"/sessions/{session.pk}/runs/1/again/")

    assert session.runs.get(number=2).label == "The handler writes cpu_dr7"


# --- Waiting


def waiting(client: Client, left: Run, right: Run):
    return client.get(f"/compare/{left.pk}/{right.pk}/?wait=1")


def test_while_they_run_the_page_says_so(alice_client: Client) -> None:
    alice_client.post("/scenarios/stale-dr7/compare/")
    left, right = Run.objects.order_by("number")

    text = words(waiting(alice_client, left, right).content.decode())

    assert "Both runs are compared as soon as they have ended" in text
    assert (
        "A The handler restores what it saved c, handler_dr7_exit = saved queued"
        in text
    )
    assert "Expected: it runs to its end; " in text


def test_it_waits_for_the_second_too(
    alice_client: Client, session: DebugSession
) -> None:
    left = stored_run(session)
    right = stored_run(session, state="running", outcome="", end=None)

    assert b"as soon as they have ended" in waiting(alice_client, left, right).content


def test_when_both_have_ended_it_leads_on(
    alice_client: Client, session: DebugSession
) -> None:
    left, right = stored_run(session), stored_run(session, stale=(4,))

    answer = waiting(alice_client, left, right)

    assert answer["Location"] == f"/compare/{left.pk}/{right.pk}/"


def test_charlie_waits_for_nothing(
    charlie_client: Client, session: DebugSession
) -> None:
    left, right = stored_run(session), stored_run(session)

    assert waiting(charlie_client, left, right).status_code == 404


def test_without_scripts_it_reloads_itself(alice_client: Client) -> None:
    alice_client.post("/scenarios/stale-dr7/compare/")

    html = waiting(alice_client, *Run.objects.order_by("number")).content.decode()

    assert '<noscript><meta http-equiv="refresh" content="1"></noscript>' in html
