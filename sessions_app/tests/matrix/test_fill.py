"""Computing the matrix: asked for once, done by a child, kept, and opened as a run."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from emulator.tests.matrix.expected import EXPECTED
from hwbpweb.redis import redis_client
from sessions_app import dispatch, runner
from sessions_app.errors import InvalidRecipe, JobFailed
from sessions_app.models import DebugSession, Image, MatrixCell, Run
from sessions_app.services import matrix

D2 = {"d2": {"base": "d2", "set": {}}}


def row(name: str) -> runner.MatrixRow:
    found = runner.matrix_row(name)
    assert found is not None
    return found


# --- Asked for


def waiting() -> int:
    with redis_client() as client:
        return int(client.llen("quick"))


def columns(count: int) -> dict[str, Any]:
    return {v.id: {"base": v.id, "set": {}} for v in runner.variants()[:count]}


@pytest.mark.parametrize(("count", "jobs"), [(0, 0), (1, 1), (4, 1), (5, 2), (15, 4)])
def test_a_job_has_a_few_columns(redis_server: str, count: int, jobs: int) -> None:
    assert matrix.matrix_request(columns(count)) == count
    assert waiting() == jobs


def test_what_was_asked_for_is_not_asked_for_again(redis_server: str) -> None:
    matrix.matrix_request(columns(3))

    assert matrix.matrix_request(columns(4)) == 1
    assert waiting() == 2


def test_without_a_queue_it_is_refused(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    with pytest.raises(JobFailed):
        matrix.matrix_request(columns(1))


# --- Computed


@pytest.mark.django_db
def test_a_child_computes_a_column() -> None:
    count = matrix.matrix_fill(build=runner.build_id(), columns=D2)

    assert count == len(runner.matrix_rows())
    found = {c.row: c.word for c in MatrixCell.objects.filter(column="d2")}
    told = {name: w for (name, variant), w in EXPECTED.items() if variant == "d2"}
    assert told.items() <= found.items()


@pytest.mark.django_db
def test_computing_twice_keeps_one_of_each() -> None:
    for _ in range(2):
        matrix.matrix_fill(build=runner.build_id(), columns=D2)

    assert MatrixCell.objects.count() == len(runner.matrix_rows())


@pytest.mark.django_db
def test_another_build_is_left_alone() -> None:
    assert matrix.matrix_fill(build="0.0.1+0", columns=D2) == 0
    assert not MatrixCell.objects.exists()


@pytest.mark.django_db
def test_a_kernel_that_is_none_leaves_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = {"z": {"base": "z", "set": {}}}

    assert matrix.matrix_fill(build=runner.build_id(), columns=wrong) == 0
    assert "unknown variant" in caplog.text


@pytest.mark.django_db
def test_the_cells_recipe_is_the_one_that_runs(alice: User) -> None:
    matrix.matrix_fill(build=runner.build_id(), columns=D2)

    run, _ = matrix.matrix_run(
        owner=alice, row=row("W2"), variant="d2", changes={}, label="2.6.34"
    )

    assert MatrixCell.objects.get(row="W2").recipe_id == run.recipe_id


def test_the_job_is_named() -> None:
    assert dispatch.MATRIX_FILL in dispatch.JOB_NAMES


# --- Opened


def opened(owner: User, name: str = "W2", variant: str = "d2") -> tuple[Run, bool]:
    return matrix.matrix_run(
        owner=owner, row=row(name), variant=variant, changes={}, label="a kernel"
    )


def test_a_cell_is_a_run_in_a_session_of_its_row(alice: User) -> None:
    run, made = opened(alice)

    assert made
    assert (run.session.owner, run.session.title) == (
        alice,
        "W2 Execute breakpoint, then continue",
    )
    assert (run.label, run.session.description) == ("a kernel", row("W2").question)


def test_the_same_cell_is_the_same_run(alice: User) -> None:
    first, _ = opened(alice)

    assert opened(alice) == (first, False)


def test_another_kernel_runs_in_the_same_session(alice: User) -> None:
    first, _ = opened(alice)
    second, made = opened(alice, variant="d1")

    assert made
    assert (second.session, second.number) == (first.session, 2)


def test_another_row_has_a_session_of_its_own(alice: User) -> None:
    assert opened(alice)[0].session != opened(alice, "W1")[0].session


def test_everybody_has_sessions_of_their_own(alice: User, charlie: User) -> None:
    assert opened(alice)[0].session != opened(charlie)[0].session


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_run_that_shows_nothing_is_not_taken_again(alice: User, state: str) -> None:
    first, _ = opened(alice)
    Run.objects.filter(pk=first.pk).update(state=state)

    assert opened(alice)[1] is True


def test_the_programs_are_kept_with_their_text(alice: User) -> None:
    opened(alice)

    kept = Image.objects.in_bulk([i.sha256 for i in runner.matrix_bundle()])
    assert len(kept) == 2 and all(image.source for image in kept.values())


def test_of_a_switch_that_is_none_nothing_stays(alice: User) -> None:
    with pytest.raises(InvalidRecipe) as caught:
        matrix.matrix_run(
            owner=alice, row=row("W1"), variant="a", changes={"no": 1}, label=""
        )

    assert caught.value.field == "variant.set.no"
    assert not DebugSession.objects.exists()
