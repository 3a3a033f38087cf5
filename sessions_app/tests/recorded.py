"""Runs that the emulator really made, stored as a worker stores them, without a queue."""

from __future__ import annotations

from django.contrib.auth.models import User

from sessions_app import runner
from sessions_app.models import DebugSession, Run
from sessions_app.runner import Batch, Control, execute, recipe_job
from sessions_app.services.chunks import ChunkWriter, run_tidy
from sessions_app.services.launch import launch_scenario
from sessions_app.services.runs import run_claim, run_finish


class _Keeper:
    """Stores what comes."""

    def __init__(self, writer: ChunkWriter) -> None:
        self._writer = writer

    def on_batch(self, batch: Batch) -> None:
        self._writer.add(batch)

    def on_state(self, state: str, retired: int) -> None:
        self._writer.retired = retired

    def on_idle(self) -> None:
        pass


def recorded_run(owner: User, slug: str = "watched-counter") -> Run:
    """A finished run of a scenario of the library, in a session of its own."""
    scenario = runner.scenario(slug)
    assert scenario is not None
    session: DebugSession = launch_scenario(owner=owner, scenario=scenario)
    return execute_now(session.runs.get())


def execute_now(run: Run) -> Run:
    """A queued run to its end."""
    lease = run_claim(run.pk, "test")
    assert lease is not None
    writer = ChunkWriter(run.pk, lease.epoch)
    end = execute(recipe_job(run.recipe), _Keeper(writer), Control())
    writer.flush()
    run_finish(lease, end)
    run_tidy(run.pk)
    return Run.objects.select_related("session", "recipe").get(pk=run.pk)
