"""Questions to the worker that holds a run, and its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import redis
from django.conf import settings

from hwbpweb.redis import redis_client
from sessions_app.debug_wire import (
    KEPT,
    Kind,
    Word,
    inbox_key,
    json_bytes,
    outbox_key,
    unpack_back,
)
from sessions_app.errors import ControlRefused, PortsForbidden, RunNotActive
from sessions_app.models import Run
from sessions_app.services.run_commands import run_unpark

#: Seconds until a question without an answer is given up.
PATIENCE = 8
_WHERE = ("field", "value", "allowed")


def control_ask(*, run: Run, who: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Let the run's debugger do something under a name; ``result`` and ``debugger``.

    Without an answer in time (it waits for a stop that does not come) the debugger as
    it stands. Raises RunNotActive, ControlRefused.
    """
    answer = _ask(run, Kind.ASK, {**request, "who": who})
    if answer is None:
        run.refresh_from_db(fields=["debugger"])
        return {"result": {}, "debugger": run.debugger}
    return {"result": answer["result"], "debugger": answer["debugger"]}


def port_open(*, run: Run, who: str, face: str) -> dict[str, Any]:
    """A TCP port on the worker's loopback: host and port. Raises PortsForbidden,
    RunNotActive, ControlRefused."""
    if not settings.DEBUG_PORTS:
        raise PortsForbidden("this server opens no ports; use hwbp gdb")
    answer = _ask(run, Kind.LISTEN, {"who": who, "face": face})
    if answer is None:
        raise ControlRefused("the run's worker does not answer")
    return dict(answer["result"])


def _ask(run: Run, kind: Kind, request: Mapping[str, Any]) -> dict[str, Any] | None:
    if not run_unpark(run=run, hold=True) and run.state not in Run.LEASED:
        raise RunNotActive(f"run {run.number} is {run.state}; nobody can control it")
    connection = uuid4()
    key, back = inbox_key(run.pk), outbox_key(run.pk, connection)
    try:
        with redis_client() as client:
            client.rpush(key, Word(connection, kind, json_bytes(request)).pack())
            client.expire(key, KEPT)
            found: Any = client.blpop([back], timeout=PATIENCE)
    except redis.RedisError as error:
        raise ControlRefused("the run's worker cannot be reached") from error
    if found is None:
        return None
    _, payload = unpack_back(found[1])
    answer = Word(connection, kind, payload).json()
    if not answer["ok"]:
        where = {name: answer.get(name) for name in _WHERE}
        raise ControlRefused(answer["detail"], code=answer["code"], **where)
    return answer
