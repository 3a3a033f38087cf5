"""One question put to all versions: really run, compared, and told."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import Review, Run, Trial
from sessions_app.services.retention import protection
from sessions_app.services.reviews import review_import, version_bind
from sessions_app.services.trials import MAX_TRIALS
from sessions_app.services.versions import version_join, version_unjoin
from sessions_app.tests.factories import create_switch_set
from sessions_app.tests.mail.letters import letter
from sessions_app.tests.recorded import execute_now, recorded_run
from sessions_app.tests.reviews.story import THREAD

#: Where the shadow of DR7 goes stale, and where it does not (docs/variants.md).
SLUG, OLD, NEW = "stale-dr7", "d2", "g-bare"


@pytest.fixture
def review(alice: User) -> Review:
    """v1 and v2 stand on one kernel, v3 on another."""
    (found,) = review_import(owner=alice, data=THREAD)
    for number, kernel in ((1, OLD), (2, OLD), (3, NEW)):
        version = found.review.versions.get(version=number)
        version_bind(version=version, variant=kernel, by=alice)
    return found.review


def url(review: Review, tail: str = "") -> str:
    return f"/reviews/{review.pk}/{tail}"


def ask(client: APIClient, review: Review, **sent: Any) -> Any:
    return client.post(f"/api/v1{url(review, 'trials/')}", sent, format="json")


def told(client: APIClient, review: Review) -> Any:
    return client.get(f"/api/v1{url(review, 'trials/')}").json()


@pytest.fixture
def ran(alice_api: APIClient, review: Review) -> Review:
    answer = ask(alice_api, review, scenario=SLUG)
    assert answer.status_code == 201, answer.content
    for trial in Trial.objects.order_by("pk"):
        execute_now(trial.run)
    return review


def test_each_version_runs_on_its_kernel(alice_api: APIClient, review: Review) -> None:
    (question,) = ask(alice_api, review, scenario=SLUG).json()

    kernels = [(a["version"], a["variant"]) for a in question["answers"]]
    assert kernels == [(1, OLD), (2, OLD), (3, NEW)]
    recipes = [trial.run.recipe.body for trial in Trial.objects.order_by("pk")]
    assert [
        f'"base":"{k}"' in body for body, (_, k) in zip(recipes, kernels, strict=True)
    ] == [*(True, True, True)]


def test_runs_are_in_the_session_of_the_evidence(
    alice_api: APIClient, review: Review
) -> None:
    ask(alice_api, review, scenario=SLUG)

    review.refresh_from_db()
    assert {run.session for run in Run.objects.all()} == {review.session}
    assert review.session is not None
    assert review.session.owner == review.owner


def test_asked_again_nothing_runs_twice(alice_api: APIClient, review: Review) -> None:
    ask(alice_api, review, scenario=SLUG)
    ask(alice_api, review, scenario=SLUG)

    assert Run.objects.count() == 3


def test_a_version_on_another_kernel_runs_again(
    alice_api: APIClient, alice: User, review: Review
) -> None:
    ask(alice_api, review, scenario=SLUG)
    version_bind(version=review.versions.get(version=1), variant=NEW, by=alice)
    assert [a["stale"] for a in told(alice_api, review)[0]["answers"]] == [
        *(True, False, False)
    ]

    (question,) = ask(alice_api, review, scenario=SLUG).json()

    assert [a["variant"] for a in question["answers"]] == [NEW, OLD, NEW]
    assert Run.objects.count() == 4


def test_a_switch_set_stands_for_a_version(
    alice_api: APIClient, alice: User, review: Review
) -> None:
    mine = create_switch_set(alice, name="no RF", changes={"rf_by": "none"})
    version_bind(
        version=review.versions.get(version=3), variant=f"set:{mine.pk}", by=alice
    )

    ask(alice_api, review, scenario=SLUG, versions=[3])

    (run,) = Run.objects.all()
    assert '"set":{"rf_by":"none"}' in run.recipe.body
    assert "no RF" in run.label


def test_the_page_says_which_switches_ran(
    alice_client: Client, alice_api: APIClient, alice: User, review: Review
) -> None:
    mine = create_switch_set(alice, name="no RF", changes={"rf_by": "none"})
    version_bind(
        version=review.versions.get(version=3), variant=f"set:{mine.pk}", by=alice
    )
    ask(alice_api, review, scenario=SLUG, versions=[3])

    html = alice_client.get(url(review)).content.decode()

    assert "<td>g-bare, rf_by = none</td>" in html


def test_only_the_versions_that_are_named(alice_api: APIClient, review: Review) -> None:
    (question,) = ask(alice_api, review, scenario=SLUG, versions=[1, 3]).json()

    assert [a["version"] for a in question["answers"]] == [1, 3]


def test_the_recipe_of_a_run_is_a_question(
    alice_api: APIClient, alice: User, review: Review
) -> None:
    run = recorded_run(alice)

    (question,) = ask(alice_api, review, run=str(run.pk)).json()

    assert question["question"] == f"recipe:{run.recipe_id}"
    assert len(question["answers"]) == 3


# What comes of them.


def test_equal_kernels_do_the_same(alice_api: APIClient, ran: Review) -> None:
    (question,) = told(alice_api, ran)

    first = question["pairs"][0]
    assert (first["left"], first["right"], first["state"]) == (1, 2, "same")


def test_other_kernels_part_and_it_is_said_where(
    alice_api: APIClient, ran: Review
) -> None:
    (question,) = told(alice_api, ran)

    pairs = [(p["left"], p["right"], p["state"]) for p in question["pairs"]]
    assert pairs == [(1, 2, "same"), (2, 3, "parted"), (1, 3, "parted")]


def test_where_they_part_is_what_the_comparison_says(
    alice_api: APIClient, ran: Review
) -> None:
    (question,) = told(alice_api, ran)
    parting = question["pairs"][1]

    runs = {a["version"]: a["run"] for a in question["answers"]}
    compared = alice_api.get(f"/api/v1/compare/?left={runs[2]}&right={runs[3]}").json()
    assert parting["left_seq"] == compared["first"]["left_seq"]
    assert parting["right_seq"] == compared["first"]["right_seq"]


def test_before_they_end_they_wait(alice_api: APIClient, review: Review) -> None:
    (question,) = ask(alice_api, review, scenario=SLUG).json()

    assert {p["state"] for p in question["pairs"]} == {"waiting"}


def test_the_page_shows_it_beside_the_text(alice_client: Client, ran: Review) -> None:
    html = alice_client.get(url(ran)).content.decode()

    assert "did the same, digest for digest" in html
    assert "part first at" in html
    assert "The text of a patch is not executed" in html


def test_the_block_for_the_mail_names_the_runs(
    alice_client: Client, ran: Review
) -> None:
    text = alice_client.get(url(ran, "v3/tested-by.txt")).content.decode()

    run = Trial.objects.get(version=3).run
    assert text.startswith("Tested-by: alice")
    assert f"on {NEW} of the model: completed" in text
    assert f"digest {run.digest}" in text
    assert f"/sessions/{run.session_id}/?run={run.number}" in text


def test_whoever_reads_the_review_sees_the_words(client: Client, ran: Review) -> None:
    ran.visibility = "public"
    ran.save()

    html = client.get(url(ran)).content.decode()

    assert "part first at" in html
    assert "Run on each version" not in html


def test_its_trace_is_kept(ran: Review) -> None:
    assert "is evidence in a review" in protection(Trial.objects.all()[0].run)


def test_a_run_that_was_deleted_is_asked_again(
    alice_api: APIClient, ran: Review
) -> None:
    run = Trial.objects.get(version=1).run
    alice_api.delete(f"/api/v1/runs/{run.pk}/")

    (question,) = ask(alice_api, ran, scenario=SLUG).json()

    assert question["answers"][0]["run"] != str(run.pk)


def test_answers_move_with_their_version(alice: User, ran: Review) -> None:
    (found,) = review_import(owner=alice, data=letter("[PATCH] elsewhere"))
    made = version_join(
        version=ran.versions.get(version=3), into=found.review, number=5, by=alice
    )
    assert [t.version for t in found.review.trials.all()] == [5]

    version_unjoin(join=made)

    assert [t.version for t in ran.trials.all()] == [1, 2, 3]


# On the page, and refused.


def test_asked_on_the_page(alice_client: Client, review: Review) -> None:
    alice_client.post(url(review, "trials/"), {"do": "run", "scenario": SLUG})

    assert Trial.objects.count() == 3


def test_a_run_is_named_by_its_address(
    alice_client: Client, review: Review, run: Run
) -> None:
    sent = {"do": "run", "address": f"http://x/sessions/{run.session_id}/?run=1"}

    alice_client.post(url(review, "trials/"), sent)

    assert {t.question for t in Trial.objects.all()} == {f"recipe:{run.recipe_id}"}


def test_forgotten_its_runs_stay(alice_client: Client, ran: Review) -> None:
    alice_client.post(
        url(ran, "trials/"), {"do": "forget", "question": f"scenario:{SLUG}"}
    )

    assert (Trial.objects.count(), Run.objects.count()) == (0, 3)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "scenario"),
        ({"scenario": "nothing-like-it"}, "scenario"),
        ({"scenario": SLUG, "run": "00000000-0000-0000-0000-000000000000"}, "scenario"),
        ({"scenario": SLUG, "versions": [9]}, "versions"),
        ({"scenario": SLUG, "versions": []}, "versions"),
        ({"scenario": SLUG, "versions": [0]}, "versions"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_field(
    alice_api: APIClient, review: Review, sent: dict[str, Any], field: str
) -> None:
    answer = ask(alice_api, review, **sent)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].partition(".")[0].partition("[")[0] == (
        field
    )
    assert not Run.objects.exists()


def test_without_a_kernel_nothing_runs(
    alice_api: APIClient, alice: User, review: Review
) -> None:
    for version in review.versions.all():
        version_bind(version=version, variant="", by=alice)

    answer = ask(alice_api, review, scenario=SLUG)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (
        422,
        "versions",
    )


def test_a_review_asks_for_so_many_runs_and_no_more(
    alice_api: APIClient, alice: User, review: Review, run: Run
) -> None:
    Trial.objects.bulk_create(
        Trial(
            review=review,
            version=1,
            question="recipe:x",
            title="x",
            variant=OLD,
            recipe=run.recipe,
            run=run,
        )
        for _ in range(MAX_TRIALS - 2)
    )

    answer = ask(alice_api, review, scenario=SLUG)

    assert answer.status_code == 422
    assert (
        answer.json()["errors"][0]["allowed"]
        == f"at most {MAX_TRIALS} runs of a review"
    )


def test_a_run_that_one_may_not_see_is_no_question(
    charlie_api: APIClient, charlie: User, run: Run
) -> None:
    (found,) = review_import(owner=charlie, data=THREAD)
    version_bind(version=found.review.versions.all()[0], variant=NEW, by=charlie)

    assert ask(charlie_api, found.review, run=str(run.pk)).status_code == 404
