"""Celery tasks: interfaces to services, registered under the names of dispatch."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_ready, worker_shutdown

from hwbpweb.celery import app
from sessions_app import dispatch
from sessions_app.services.execution import turn_take
from sessions_app.services.matrix import matrix_fill
from sessions_app.services.notices.address import address_mail
from sessions_app.services.notices.mail import notification_mail
from sessions_app.services.quick import quick_answer
from sessions_app.services.reaper import Reaper
from sessions_app.services.webhooks.delivery import delivery_attempt

#: Wall limits are the recipe's; this is for a task that ignores even those.
_RUN_HARD_LIMIT = 6 * 3600
_QUICK_HARD_LIMIT = 60

_reaper = Reaper()


@app.task(name=dispatch.RUN_EXECUTE, time_limit=_RUN_HARD_LIMIT)
def execute_run(run_id: str) -> None:
    """Execute the run whose turn it is, if there is one."""
    turn_take(run_id)


@app.task(name=dispatch.QUICK_JOB, time_limit=_QUICK_HARD_LIMIT)
def do_quick_job(job_id: str) -> None:
    """Assemble, or read a program."""
    quick_answer(job_id)


@app.task(name=dispatch.MATRIX_FILL, time_limit=_QUICK_HARD_LIMIT)
def fill_matrix(build: str, columns: dict[str, dict[str, Any]]) -> None:
    """Compute columns of the behaviour matrix."""
    matrix_fill(build=build, columns=columns)


@app.task(name=dispatch.DELIVER)
def deliver(delivery_id: str) -> None:
    """Try to deliver, if it is due. It bounds itself: threads have no hard limit."""
    delivery_attempt(delivery_id)


@app.task(name=dispatch.MAIL)
def send_mail(notification_id: str) -> None:
    """Send the mail of a notification, if it is due."""
    notification_mail(notification_id)


@app.task(name=dispatch.ADDRESS)
def confirm_address(person_id: int, address: str) -> None:
    """Send the mail that asks whether an address is somebody's."""
    address_mail(person_id, address)


@worker_ready.connect
def start_reaper(**_: Any) -> None:
    """In the worker's main process, not in its pool."""
    if not _reaper.is_alive():
        _reaper.start()


@worker_shutdown.connect
def stop_reaper(**_: Any) -> None:
    """The thread ends with the worker."""
    _reaper.stop()
