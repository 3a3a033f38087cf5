"""The part of ``bench store`` that has a database: DATABASE_URL, number of hits.

Needs Django to be set up. Prints one JSON object: for each way of writing events a second and bytes an event.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, models, transaction

from bench.store import Collected, collected, timed
from emulator.trace.record import Record, unpack_records
from sessions_app.models import DebugSession, Run, StoredRecipe
from sessions_app.services.chunks import ChunkWriter, run_tidy

#: Rows are slow: a part of the events is enough to see how slow.
_ROWS = 50_000
_AT_ONCE = 1000
_SIGN = 1 << 63
_SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    "postgresql": "SELECT pg_database_size(current_database())",
}


class EventRow(models.Model):
    """An event as a plain row; without its snapshots and texts, in favour of the rows."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    retired = models.BigIntegerField()
    cause = models.BigIntegerField()
    rip = models.BigIntegerField(db_index=True)
    addr = models.BigIntegerField(db_index=True)
    value = models.BigIntegerField()
    task = models.IntegerField()
    ret = models.IntegerField()
    kind = models.IntegerField()
    cpu = models.IntegerField()
    slot = models.IntegerField()
    flags = models.IntegerField()
    aux = models.IntegerField()

    class Meta:
        app_label = "bench"
        indexes = [models.Index(fields=["run", "seq"], name="event_row_place")]

    def __str__(self) -> str:
        return f"event {self.seq}"


def main(hits: int) -> None:
    """Each way in turn, into fresh tables."""
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(EventRow)
    found = collected(hits)
    told = {
        "ORM rows, bulk_create": _rows(found),
        "chunks as a worker writes them": _chunks(found),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _run() -> Run:
    user, _ = User.objects.get_or_create(username="bench")
    session = DebugSession.objects.create(owner=user, title="bench")
    recipe, _ = StoredRecipe.objects.get_or_create(pk="0" * 64, defaults={"body": "{}"})
    return Run.objects.create(
        session=session, recipe=recipe, number=1, epoch=1, state="running"
    )


def _rows(found: Collected) -> dict[str, float]:
    run = _run()
    records = unpack_records(bytes(found.records[: 64 * _ROWS]))
    before = _database_size()

    def write() -> None:
        for at in range(0, len(records), _AT_ONCE):
            part = records[at : at + _AT_ONCE]
            with transaction.atomic():
                EventRow.objects.bulk_create([_row(run, r) for r in part])

    seconds = timed(write, time.perf_counter)
    size = (_database_size() - before) / len(records)
    return {"rate": len(records) / seconds, "size": size}


def _row(run: Run, record: Record) -> EventRow:
    fields: dict[str, Any] = record._asdict()
    for name in ("rip", "addr", "value"):
        fields[name] -= _SIGN  # as sessions_app.models.fields keeps them
    return EventRow(run=run, **fields)


def _chunks(found: Collected) -> dict[str, float]:
    """ChunkWriter from the child's batches to stored chunks, and the tidying at the end."""
    run = _run()
    writer = ChunkWriter(run.pk, 1)
    before = _database_size()

    def write() -> None:
        for batch in found.batches:
            writer.add(batch)
        writer.flush()
        Run.objects.filter(pk=run.pk).update(state="finished")
        run_tidy(run.pk)

    seconds = timed(write, time.perf_counter)
    size = (_database_size() - before) / found.events
    return {"rate": found.events / seconds, "size": size}


def _database_size() -> int:
    """What is used, not what files happen to be long."""
    with connection.cursor() as cursor:
        cursor.execute(_SIZES[connection.vendor])
        return int(cursor.fetchone()[0])
