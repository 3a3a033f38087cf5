"""The session that a new installation greets with."""

from __future__ import annotations

from django.contrib.auth.models import User

from sessions_app import runner
from sessions_app.models import DebugSession
from sessions_app.services.launch import launch_scenario

SCENARIO = "watched-counter"


def demo_session_create(*, owner: User) -> DebugSession | None:
    """The watched counter, running; for an owner who has no session yet."""
    if DebugSession.everything.filter(owner=owner).exists():
        return None
    scenario = runner.scenario(SCENARIO)
    if scenario is None:
        return None
    return launch_scenario(owner=owner, scenario=scenario)
