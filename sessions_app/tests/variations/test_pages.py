"""A run with a change, by forms."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sessions_app.models import Run
from sessions_app.recipe_texts import pretty
from sessions_app.services.sharing import share_link_create
from sessions_app.tests.variations.conftest import body, latest

WATCH = {"bp0-type": "write", "bp0-length": "1", "bp0-at": "0x402001"}


def url(run: Run, what: str) -> str:
    return f"/sessions/{run.session_id}/runs/{run.number}/{what}/"


def post(client: Client, run: Run, what: str, **fields: str) -> Any:
    return client.post(url(run, what), fields)


def test_one_more_breakpoint_is_the_last_of_the_next_run(
    alice_client: Client, story: Run
) -> None:
    answer = post(alice_client, story, "breakpoint", **WATCH)

    made = latest(story)
    assert answer["Location"] == f"/sessions/{story.session_id}/?run=2"
    assert body(made)["breakpoints"][:-1] == body(story)["breakpoints"]
    added = body(made)["breakpoints"][-1]
    assert (added["type"], added["length"], added["at"]) == ("write", 1, "0x402001")


def test_nothing_but_the_breakpoints_differs(alice_client: Client, story: Run) -> None:
    post(alice_client, story, "breakpoint", **WATCH)

    before, after = body(story), body(latest(story))
    assert [n for n in before if before[n] != after[n]] == ["breakpoints"]


def test_the_run_says_why_it_is_there(alice_client: Client, story: Run) -> None:
    post(alice_client, story, "breakpoint", **WATCH)

    assert latest(story).label == "one more breakpoint: write at 0x402001"


def test_a_tracers_breakpoint_has_a_traced_task(
    alice_client: Client, story: Run
) -> None:
    owner = {"bp0-owner": "ptrace", "bp0-slot": "2"}
    post(alice_client, story, "breakpoint", **WATCH, **owner)

    made = body(latest(story))
    assert made["breakpoints"][-1]["owner"] == "ptrace"
    assert made["tasks"][0]["traced"] is True


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("", "Say where"),
        ("nowhere", "unknown symbol"),
        ("0x402001", "multiple of the length 4"),
    ],
)
def test_a_breakpoint_that_cannot_be_is_refused_in_place(
    alice_client: Client, story: Run, place: str, words: str
) -> None:
    fields = WATCH | {"bp0-at": place, "bp0-length": "4"}
    answer = post(alice_client, story, "breakpoint", **fields)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert latest(story) == story


def test_another_seed(alice_client: Client, story: Run) -> None:
    limits = body(story)["limits"]
    fields = {n: str(limits[n]) for n in ("instructions", "events", "wall_ms")}
    post(alice_client, story, "settings", seed="77", **fields)

    made = latest(story)
    assert body(made)["schedule"]["seed"] == 77
    assert body(made)["limits"] == limits
    assert made.label == "seed 77"


def test_it_can_go_on_to_the_comparison(alice_client: Client, story: Run) -> None:
    answer = post(alice_client, story, "breakpoint", **WATCH, then="compare")

    assert answer["Location"] == f"/compare/{story.pk}/{latest(story).pk}/?wait=1"


def test_settings_that_change_nothing_make_no_run(
    alice_client: Client, story: Run
) -> None:
    recipe = body(story)
    fields = {
        n: str(recipe["limits"][n]) for n in ("instructions", "events", "wall_ms")
    }
    seed = str(recipe["schedule"]["seed"])
    answer = post(alice_client, story, "settings", seed=seed, **fields)

    assert (answer.status_code, latest(story)) == (422, story)


def test_symbols_are_filtered(alice_client: Client, story: Run) -> None:
    html = alice_client.get(url(story, "change"), {"q": "COUNT"}).content.decode()

    assert "Choose demo_counter" in html
    assert "Choose _start" not in html


def test_a_chosen_symbol_fills_in_the_form(alice_client: Client, story: Run) -> None:
    query = {"type": "execute", "length": "1", "at": "_start"}
    html = alice_client.get(url(story, "change"), query).content.decode()

    assert 'value="_start"' in html
    assert '<option value="execute" selected>' in html


def test_the_editor_shows_the_recipe_in_lines(alice_client: Client, story: Run) -> None:
    html = alice_client.get(url(story, "recipe")).content.decode()

    assert "&quot;format&quot;: 1,\n" in html


def test_the_editor_points_at_the_field_and_its_line(
    alice_client: Client, story: Run
) -> None:
    text = pretty(story.recipe.body).replace('"length": 4', '"length": 3')
    line = next(n for n, t in enumerate(text.splitlines(), 1) if '"length": 3' in t)

    answer = post(alice_client, story, "recipe", text=text, then="run")

    html = answer.content.decode()
    assert answer.status_code == 422
    assert f"Line {line}, column 7" in html
    assert "breakpoints[0].length" in html
    assert latest(story) == story


def test_the_editor_points_at_broken_json(alice_client: Client, story: Run) -> None:
    text = '{\n  "format": 1,\n  oops\n}'

    html = post(alice_client, story, "recipe", text=text).content.decode()

    assert "Line 3, column 3" in html


def test_what_was_typed_is_not_lost(alice_client: Client, story: Run) -> None:
    html = post(alice_client, story, "recipe", text="my {{ words").content.decode()

    assert "my {{ words</textarea>" in html


def test_check_shows_the_difference_and_runs_nothing(
    alice_client: Client, story: Run
) -> None:
    text = pretty(story.recipe.body).replace('"seed": 1', '"seed": 5')

    html = post(alice_client, story, "recipe", text=text, then="check").content.decode()

    assert '<span class="del">-    &quot;seed&quot;: 1' in html
    assert '<span class="add">+    &quot;seed&quot;: 5' in html
    assert latest(story) == story


def test_run_makes_a_run_of_the_edited_recipe(alice_client: Client, story: Run) -> None:
    text = pretty(story.recipe.body).replace('"seed": 1', '"seed": 5')

    answer = post(alice_client, story, "recipe", text=text, then="run", label="five")

    made = latest(story)
    assert answer["Location"] == f"/sessions/{story.session_id}/?run=2"
    assert (body(made)["schedule"]["seed"], made.label) == (5, "five")


@pytest.mark.parametrize("what", ["change", "recipe"])
def test_charlie_finds_no_forms(charlie_client: Client, story: Run, what: str) -> None:
    assert charlie_client.get(url(story, what)).status_code == 404


@pytest.mark.parametrize("what", ["breakpoint", "settings", "recipe"])
def test_charlie_changes_nothing(charlie_client: Client, story: Run, what: str) -> None:
    assert post(charlie_client, story, what, **WATCH).status_code == 404
    assert latest(story) == story


@pytest.mark.parametrize("what", ["breakpoint", "settings", "recipe"])
def test_the_holder_of_a_link_changes_nothing(
    client: Client, story: Run, what: str
) -> None:
    _, secret = share_link_create(of=story.session, by=story.session.owner)
    client.get(f"/s/{secret}/")

    assert post(client, story, what, **WATCH).status_code == 403
    assert latest(story) == story


def test_the_session_page_offers_all_three(alice_client: Client, story: Run) -> None:
    html = alice_client.get(f"/sessions/{story.session_id}/").content.decode()

    for what in ("breakpoint", "change", "recipe"):
        assert url(story, what) in html


def test_a_viewer_is_offered_none_of_it(client: Client, story: Run) -> None:
    _, secret = share_link_create(of=story.session, by=story.session.owner)
    html = client.get(f"/s/{secret}/", follow=True).content.decode()

    assert url(story, "recipe") not in html
