"""A run whose recipe is a whole one, as the service stores it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from sessions_app import runner
from sessions_app.models import Run
from sessions_app.services.launch import launch_scenario


@pytest.fixture
def story(alice: User) -> Run:
    """The demo scenario's own recipe, run 1 of alice's session."""
    found = runner.scenario("watched-counter")
    assert found is not None
    return launch_scenario(owner=alice, scenario=found).runs.get()


def latest(run: Run) -> Run:
    return Run.objects.filter(session=run.session_id).order_by("-number")[0]


def body(run: Run) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run.recipe.body)
    return told
