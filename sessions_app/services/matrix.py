"""The behaviour matrix: cells computed by short jobs, and runs of single cells."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from sessions_app import dispatch, runner
from sessions_app.errors import JobFailed
from sessions_app.models import DebugSession, MatrixCell, Run
from sessions_app.services.launch import images_keep
from sessions_app.services.recipes import recipe_store
from sessions_app.services.runs import run_create
from sessions_app.services.sessions import session_create

logger = logging.getLogger(__name__)

#: A run that ended so shows nothing: another one is made.
_USELESS = (Run.State.FAILED, Run.State.CANCELLED)


def matrix_request(columns: Mapping[str, Mapping[str, Any]]) -> int:
    """Have columns computed, by their keys; how many were queued now. Raises JobFailed
    when the queue is away."""
    if not columns:
        return 0
    return dispatch.enqueue_matrix(runner.build_id(), columns)


def matrix_fill(*, build: str, columns: Mapping[str, Mapping[str, Any]]) -> int:
    """The worker's side: compute columns in a child and keep what they say; how many
    cells. A build that is not this one's has nothing to wait for here."""
    if build != runner.build_id():
        logger.warning("matrix of %s was asked for; this is another build", build)
        return 0
    request = {"job": "matrix", "columns": list(columns.values())}
    try:
        answer, _ = runner.program_job(request, b"")
    except JobFailed as error:
        logger.error("matrix: %s", error.detail)
        return 0
    if not answer.get("ok"):
        logger.error("matrix: %s", answer.get("error"))
        return 0
    cells = list(_cells(build, list(columns), answer))
    MatrixCell.objects.bulk_create(cells, ignore_conflicts=True)
    return len(cells)


def _cells(
    build: str, keys: list[str], answer: Mapping[str, Any]
) -> Iterator[MatrixCell]:
    for told in answer["cells"]:
        yield MatrixCell(
            emulator=build,
            column=keys[told["column"]],
            row=told["row"],
            word=told["word"],
            recipe_id=told["recipe"],
            digest=told["digest"] or "",
        )


@transaction.atomic
def matrix_run(
    *,
    owner: User,
    row: runner.MatrixRow,
    variant: str,
    changes: Mapping[str, Any],
    label: str,
) -> tuple[Run, bool]:
    """The run of a cell in the owner's session of that row, and whether it is new.

    A recipe that has run there runs no second time: it would be the same trace.
    """
    images_keep(runner.matrix_bundle(), name=_marker(row))
    stored = recipe_store(runner.matrix_recipe(row, variant, changes))
    session = _session(owner, row)
    runs = session.runs.filter(recipe=stored, pruned_at=None).exclude(
        state__in=_USELESS
    )
    found = runs.order_by("-number").first()
    if found is not None:
        return found, False
    return run_create(session=session, recipe=stored, label=label), True


def _marker(row: runner.MatrixRow) -> str:
    return f"matrix-{row.id}"


def _session(owner: User, row: runner.MatrixRow) -> DebugSession:
    """One for each row, so that its cells can be compared there."""
    mine = DebugSession.objects.filter(owner=owner, scenario=_marker(row))
    return mine.order_by("-created_at").first() or session_create(
        owner=owner,
        title=f"{row.id} {row.title}",
        description=row.question,
        scenario=_marker(row),
    )
