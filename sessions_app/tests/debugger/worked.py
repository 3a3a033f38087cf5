"""Runs of programs through the real queue and worker, and commands to them over REST."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sessions_app.models import Image, Run
from sessions_app.services.recipes import recipe_store
from sessions_app.services.runs import run_create
from sessions_app.tests.debugger.desk import until
from sessions_app.tests.debugger.programs import assembled, recipe_of
from sessions_app.tests.factories import create_session


def started(
    alice: User, source: str, sections: dict[str, Any] | None = None, **wishes: Any
) -> Run:
    """A run of a program, held unless it is wished otherwise. sections: of its recipe."""
    sha256, data, symbols = assembled(source)
    Image.objects.get_or_create(
        pk=sha256,
        defaults={
            "data": data,
            "size": len(data),
            "symbols": {name: f"{address:#x}" for name, address in symbols.items()},
        },
    )
    stored = recipe_store(recipe_of(sha256, **(sections or {})))
    session = create_session(alice)
    return run_create(session=session, recipe=stored, **({"hold": True} | wishes))


def is_in(run: Run, *states: str) -> bool:
    def reached() -> bool:
        run.refresh_from_db()
        return run.state in states

    return until(reached, 30)


def control(api: APIClient, run: Run, do: str, **fields: Any) -> Any:
    answer = api.post(f"/api/v1/runs/{run.pk}/control/", {"do": do, **fields})
    assert answer.status_code == 200, answer.json()
    return answer.json()
