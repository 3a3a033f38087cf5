"""Background jobs by name: services queue them here, tasks.py registers them."""

from __future__ import annotations

import json
import uuid
from typing import Any

import redis
from django.db import transaction

from hwbpweb.celery import app
from hwbpweb.redis import redis_client
from sessions_app.errors import JobFailed

RUN_EXECUTE = "runs.execute"
QUICK_JOB = "quick.job"
JOB_NAMES = (RUN_EXECUTE, QUICK_JOB)

RUNS_QUEUE = "runs"
_QUICK_WAIT = 45
_KEPT = 120
_COMMANDS_KEPT = 3600


def enqueue_run(run_id: uuid.UUID) -> None:
    """Queue a run once the transaction is through. Delivered twice it runs once."""
    transaction.on_commit(lambda: app.send_task(RUN_EXECUTE, [str(run_id)]))


def waiting_runs() -> int:
    """Messages in the queue of runs that no worker has taken."""
    with redis_client() as client:
        return int(client.llen(RUNS_QUEUE))


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
