"""An installation of before: its blocks move out of the rows, and every event is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hwbpweb.settings import BASE_DIR

_SCRIPT = """
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from emulator.trace.codec import decode_records, decode_side, encode_chunk
from emulator.trace.record import pack_records
from sessions_app.tests.factories import hit_events

call_command("migrate", "sessions_app", "0009", verbosity=0)
apps = MigrationExecutor(connection).loader.project_state(
    ("sessions_app", "0009_imported_runs")
).apps
model = lambda name: apps.get_model("sessions_app", name)
user = apps.get_model("auth", "User").objects.create(username="alice")
session = model("DebugSession").objects.create(owner=user, title="Old")
recipe = model("StoredRecipe").objects.create(pk="0" * 64, body="{}")
run = model("Run").objects.create(session=session, recipe=recipe, number=1, epoch=1)
for number in range(1, 121):
    records = hit_events(number)
    texts = [(records[0].seq, 1, b"hello")] if number % 2 else []
    chunk = encode_chunk(pack_records(records), b"", texts, number - 1)
    stats = {f: getattr(chunk.stats, f) for f in chunk.stats.__dataclass_fields__}
    model("EventChunk").objects.create(
        run=run, epoch=1, codec_version=1, hot=chunk.hot, cold=chunk.cold,
        side=chunk.side, **stats
    )

call_command("migrate", verbosity=0)
from sessions_app import selectors
from sessions_app.chunkstore import read_block
from sessions_app.models import EventChunk, Run, StoredBlock
found = selectors.records_from(Run.objects.get(), 1, 10_000)
assert found == [r for n in range(1, 121) for r in hit_events(n)]
assert EventChunk.objects.filter(texts=True).count() == 60
sizes = sum(EventChunk.objects.values_list("size", flat=True))
assert sizes == sum(len(bytes(b.data)) for b in StoredBlock.objects.all())
print("moved", StoredBlock.objects.count())
"""


@pytest.mark.processes
def test_blocks_of_before_are_found_under_their_keys(tmp_path: Path) -> None:
    environ = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'old.sqlite3'}",
        "HWBPWEB_DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "hwbpweb.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=BASE_DIR,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "moved 300"
