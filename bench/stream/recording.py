"""A run whose events come at a steady rate.

Prepares a database, prints ``{"run", "token"}`` as a line of JSON, waits for a line on
standard input, records for as long as it was told, and prints what it stored. What
records is the worker's own listener: chunks first, then the stream.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time

from django.contrib.auth.models import User
from django.core.management import call_command

from bench.stream.stretch import Stretch
from sessions_app.models import DebugSession, Run, StoredRecipe
from sessions_app.runner import RunEnd
from sessions_app.services.execution import Recorder
from sessions_app.services.runs import Lease, run_finish
from sessions_app.services.sharing import token_create


def main() -> int:
    """Prepare, wait, record."""
    parser = argparse.ArgumentParser(prog="bench.stream.produce")
    parser.add_argument("--rate", type=int, default=50_000, help="events a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    lease, token = _prepared()
    _tell({"run": str(lease.run_id), "token": token})
    sys.stdin.readline()
    _tell(_record(lease, given.rate, given.seconds))
    return 0


def _tell(facts: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _prepared() -> tuple[Lease, str]:
    call_command("migrate", verbosity=0)
    owner = User.objects.create_user("bench")
    session = DebugSession.objects.create(owner=owner, title="A storm")
    body = "{}"
    recipe = StoredRecipe.objects.create(
        pk=hashlib.sha256(body.encode()).hexdigest(), body=body
    )
    run = Run.objects.create(
        session=session, number=1, recipe=recipe, state=Run.State.RUNNING, epoch=1
    )
    return Lease(run.pk, 1, "bench"), token_create(user=owner, name="bench")[1]


def _record(lease: Lease, rate: int, seconds: float) -> dict[str, object]:
    """At the rate, in batches; what does not keep up is late, not skipped."""
    stretch, recorder = Stretch(), Recorder(lease)
    interval = len(stretch) / rate
    began, told, latest = time.monotonic(), 0, 0.0
    while told * interval < seconds:
        due = began + (told + 1) * interval
        time.sleep(max(0.0, due - time.monotonic()))
        latest = max(latest, time.monotonic() - due)
        recorder.on_batch(stretch.batch(told, due - interval, due))
        recorder.on_idle()
        told += 1
    took = time.monotonic() - began
    events, hits = told * len(stretch), told * stretch.hits
    end = RunEnd("completed", events=events, hits=hits, retired=1)
    recorder.finish(end)
    run_finish(lease, end)
    recorder.close()
    return {
        "events": events,
        "hits": hits,
        "rate": round(events / took),
        "late_ms": round(1000 * latest, 1),
        "cpu": round(100 * time.process_time() / took, 1),
    }
