"""The same store, leases and worker on PostgreSQL and redis-server, without a code change.

Starts a temporary cluster and runs the tests that touch the database against it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SUITES = ("store", "runs/test_leases.py", "runs/test_worker.py", "live")
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
        + [str(_HERE / suite) for suite in SUITES],
        cwd=_HERE.parent.parent,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout
