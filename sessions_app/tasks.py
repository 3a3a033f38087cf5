"""Celery tasks: interfaces to services, registered under the names of dispatch."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_ready, worker_shutdown

from hwbpweb.celery import app
from sessions_app import dispatch
from sessions_app.services.execution import run_execute
from sessions_app.services.quick import quick_answer
from sessions_app.services.reaper import Reaper

#: Wall limits are the recipe's; this is for a task that ignores even those.
_RUN_HARD_LIMIT = 6 * 3600
_QUICK_HARD_LIMIT = 60

_reaper = Reaper()


@app.task(name=dispatch.RUN_EXECUTE, time_limit=_RUN_HARD_LIMIT)
def execute_run(run_id: str) -> None:
    """Execute a run, if it is still to be had."""
    run_execute(run_id)


@app.task(name=dispatch.QUICK_JOB, time_limit=_QUICK_HARD_LIMIT)
def do_quick_job(job_id: str) -> None:
    """Assemble, or read a program."""
    quick_answer(job_id)


@worker_ready.connect
def start_reaper(**_: Any) -> None:
    """In the worker's main process, not in its pool."""
    if not _reaper.is_alive():
        _reaper.start()


@worker_shutdown.connect
def stop_reaper(**_: Any) -> None:
    """The thread ends with the worker."""
    _reaper.stop()
