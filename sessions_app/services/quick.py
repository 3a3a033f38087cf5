"""The worker's side of dispatch.quick_job."""

from __future__ import annotations

from typing import cast

from hwbpweb.redis import redis_client
from sessions_app import dispatch
from sessions_app.errors import JobFailed
from sessions_app.runner import program_job

_KEPT = 60


def quick_answer(job_id: str) -> None:
    """Do the job in a limited child and leave the answer. A job that nobody waits for
    any more has no request; then nothing happens."""
    inbox, outbox = dispatch.quick_keys(job_id)
    with redis_client() as client:
        packed = cast("bytes | None", client.getdel(inbox))
        if packed is None:
            return
        request, blob = dispatch.unpack_job(packed)
        try:
            answer, data = program_job(request, blob)
        except JobFailed as error:
            answer, data = {"failed": error.detail}, b""
        client.rpush(outbox, dispatch.pack_job(answer, data))
        client.expire(outbox, _KEPT)
