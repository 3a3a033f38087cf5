"""Background jobs by name: services queue them here, tasks.py registers them."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import redis
from django.db import transaction
from kombu.exceptions import KombuError

from hwbpweb.celery import app
from hwbpweb.redis import redis_client
from sessions_app.errors import JobFailed

logger = logging.getLogger(__name__)

RUN_EXECUTE = "runs.execute"
QUICK_JOB = "quick.job"
MATRIX_FILL = "quick.matrix"
#: Things for other servers, which may keep one waiting, have a queue of their own.
DELIVER = "notices.deliver"
MAIL = "notices.mail"
ADDRESS = "notices.address"
JOB_NAMES = (RUN_EXECUTE, QUICK_JOB, MATRIX_FILL, DELIVER, MAIL, ADDRESS)

RUNS_QUEUE = "runs"
NOTICES_QUEUE = "notices"
_QUICK_WAIT = 45
#: Columns of the matrix that one child computes: some 200 ms each, after a second.
_COLUMNS_A_JOB = 4
_KEPT = 120
_COMMANDS_KEPT = 3600
#: Seconds until a column of the matrix that was asked for may be asked for again.
_FILL_WAIT = 90


def enqueue_run(run_id: uuid.UUID) -> None:
    """Queue a run once the transaction is through. Delivered twice it runs once."""
    transaction.on_commit(lambda: app.send_task(RUN_EXECUTE, [str(run_id)]))


def waiting_runs() -> int:
    """Messages in the queue of runs that no worker has taken."""
    with redis_client() as client:
        return int(client.llen(RUNS_QUEUE))


def enqueue_delivery(delivery_id: uuid.UUID) -> None:
    """Queue an attempt once the transaction is through. The row is due all the same: when
    the queue is away, a reaper finds it."""
    transaction.on_commit(lambda: _send_notice(DELIVER, delivery_id), robust=True)


def enqueue_mail(notification_id: uuid.UUID) -> None:
    """Queue a mail likewise."""
    transaction.on_commit(lambda: _send_notice(MAIL, notification_id), robust=True)


def enqueue_address(person_id: int, address: str) -> None:
    """Queue the mail that confirms an address. Raises JobFailed when the queue is away:
    the person is there and can try again."""
    try:
        app.send_task(ADDRESS, [person_id, address], retry=False, ignore_result=True)
    except (redis.RedisError, KombuError, OSError) as error:
        raise JobFailed("the queue of mails cannot be reached") from error


def _send_notice(name: str, key: uuid.UUID) -> None:
    try:
        app.send_task(name, [str(key)], retry=False, ignore_result=True)
    except (redis.RedisError, KombuError, OSError) as error:
        logger.warning("%s of %s waits for the reaper: %s", name, key, error)


def send_due(name: str, keys: Iterable[uuid.UUID]) -> None:
    """Queue what is due (again). Raises what a broker that is away does."""
    for key in keys:
        app.send_task(name, [str(key)], ignore_result=True)


def waiting_notices() -> int:
    """Messages in the queue of notices that no worker has taken."""
    with redis_client() as client:
        return int(client.llen(NOTICES_QUEUE))


def commands_key(run_id: uuid.UUID | str) -> str:
    """The list of commands to the worker that holds a run."""
    return f"run:{{{run_id}}}:commands"


def send_command(run_id: uuid.UUID | str, command: str) -> None:
    """Tell the worker that holds the run."""
    key = commands_key(run_id)
    with redis_client() as client, client.pipeline() as pipe:
        pipe.rpush(key, json.dumps({"do": command}))
        pipe.expire(key, _COMMANDS_KEPT)
        pipe.execute()


def take_commands(run_id: uuid.UUID) -> list[str]:
    """What was told to a worker that has just given the run back."""
    key = commands_key(run_id)
    with redis_client() as client, client.pipeline() as pipe:
        pipe.lrange(key, 0, -1)
        pipe.delete(key)
        told: list[bytes] = pipe.execute()[0]
    return [str(json.loads(word).get("do")) for word in told]


def enqueue_matrix(build: str, columns: Mapping[str, Mapping[str, Any]]) -> int:
    """Queue the computing of columns by their keys, those that nobody else has queued;
    how many. Raises JobFailed when the queue is away."""
    try:
        with redis_client() as client:
            free = {
                key: column
                for key, column in columns.items()
                if client.set(f"matrix:{build}:{key}", "1", nx=True, ex=_FILL_WAIT)
            }
        keys = list(free)
        for at in range(0, len(keys), _COLUMNS_A_JOB):
            part = {key: dict(free[key]) for key in keys[at : at + _COLUMNS_A_JOB]}
            app.send_task(MATRIX_FILL, [build, part], expires=_FILL_WAIT)
    except (redis.RedisError, KombuError, OSError) as error:
        raise JobFailed("the queue of short jobs cannot be reached") from error
    return len(keys)


def quick_keys(job_id: str) -> tuple[str, str]:
    """Where the request of a quick job lies and where its answer goes."""
    return f"quick:{{{job_id}}}:in", f"quick:{{{job_id}}}:out"


def pack_job(head: dict[str, Any], blob: bytes) -> bytes:
    """A JSON line and the bytes that go with it."""
    return json.dumps(head).encode() + b"\n" + blob


def unpack_job(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Inverse of pack_job."""
    head, _, blob = data.partition(b"\n")
    value: dict[str, Any] = json.loads(head)
    return value, blob


def quick_job(request: dict[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
    """Let a worker of the quick queue do a job on a program and wait for the answer.

    The bytes lie beside the queue, not in the message. Raises JobFailed when there is
    no answer in time.
    """
    job_id = uuid.uuid4().hex
    inbox, outbox = quick_keys(job_id)
    try:
        with redis_client() as client:
            client.set(inbox, pack_job(request, blob), ex=_KEPT)
            app.send_task(QUICK_JOB, [job_id], expires=_QUICK_WAIT)
            answer = client.blpop([outbox], timeout=_QUICK_WAIT)
            client.delete(inbox)
    except redis.RedisError as error:
        raise JobFailed("the queue of short jobs cannot be reached") from error
    if answer is None:
        raise JobFailed(f"no worker answered within {_QUICK_WAIT} s")
    head, data = unpack_job(answer[1])
    if "failed" in head:
        raise JobFailed(str(head["failed"]))
    return head, data
