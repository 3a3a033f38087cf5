"""The same store, leases and worker on PostgreSQL and redis-server, without a code change.

Starts a temporary cluster and runs the tests that touch the database against it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SUITES = (
    "store",
    "runs/test_leases.py",
    "runs/test_worker.py",
    "live",
    "quotas",
    "teams",
    "webhooks/test_delivery.py",
    "notices/test_tell.py",
)
#: Starts a service of its own, which is not told of this database.
LEFT_OUT = ("live/test_many_viewers.py",)
_HERE = Path(__file__).parent


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(_binaries() is None, reason="needs PostgreSQL"),
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="runs on it already"),
    pytest.mark.timeout(600),
]


def _as_server(command: list[str | Path], folder: Path) -> None:
    """PostgreSQL refuses to run as root; its package brings a user."""
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run(
        command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL
    )


@pytest.fixture
def database_url() -> Iterator[str]:
    binaries = _binaries()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="hwbp-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    _as_server([binaries / "initdb", "-D", data, "-A", "trust", "-U", "hwbp"], folder)
    options = f"-c listen_addresses='' -k {folder} -c fsync=off"
    control: list[str | Path] = [binaries / "pg_ctl", "-D", data, "-w"]
    _as_server([*control, "-l", folder / "log", "-o", options, "start"], folder)
    try:
        yield f"postgres://hwbp@{str(folder).replace('/', '%2F')}/postgres"
    finally:
        _as_server([*control, "-m", "immediate", "stop"], folder)
        shutil.rmtree(folder)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    server = shutil.which("redis-server")
    if server is None:
        yield ""
        return
    path = tmp_path / "redis.sock"
    process = subprocess.Popen(
        [server, "--port", "0", "--unixsocket", str(path), "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    yield f"unix://{path}?db=0"
    process.kill()
    process.wait()


def test_the_suites_pass_on_postgresql(database_url: str, redis_url: str) -> None:
    environ = os.environ | {"DATABASE_URL": database_url}
    if redis_url:
        environ["HWBPWEB_TEST_REDIS_URL"] = redis_url
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
        + [f"--randomly-seed={os.environ.get('HWBPWEB_TEST_SEED', '1')}"]
        + [f"--ignore={_HERE / suite}" for suite in LEFT_OUT]
        + [str(_HERE / suite) for suite in SUITES],
        cwd=_HERE.parent.parent,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout


#: Records a run in a database of its own and prints where its chunks end and what they are.
_RECORD = """
import django, hashlib, json
django.setup()
from django.core.management import call_command
from django.db import transaction
call_command("migrate", verbosity=0)
from sessions_app import dispatch
dispatch.enqueue_run = lambda run_id: None
from sessions_app.chunkstore import BLOCKS, read_blocks
from sessions_app.models import EventChunk
from sessions_app.tests.factories import create_user
from sessions_app.tests.recorded import recorded_run
run = recorded_run(create_user("alice"), "two-cpus-race")
print(json.dumps([run.digest] + [
    [c.first_seq, c.n, *(hashlib.sha256(b).hexdigest() for b in read_blocks(c.pk, run.pk, *BLOCKS))]
    for c in EventChunk.objects.order_by("first_seq")
]))
"""


def _recorded_on(url: str, data: Path) -> list[object]:
    environ = os.environ | {
        "DATABASE_URL": url,
        "HWBPWEB_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "hwbpweb.settings",
        "REDIS_URL": f"unix://{data}/none.sock",
    }
    done = subprocess.run(
        [sys.executable, "-c", _RECORD],
        cwd=_HERE.parent.parent,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: list[object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_equal_records_are_equal_bytes_on_both(
    database_url: str, tmp_path: Path
) -> None:
    lite = _recorded_on(f"sqlite:///{tmp_path / 'lite.sqlite3'}", tmp_path)
    postgres = _recorded_on(database_url, tmp_path)

    assert len(lite) > 1
    assert postgres == lite
