"""Servers for tests: the real Valkey as ``manage.py up`` starts it, a worker in a thread."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker

from hwbpweb import settings as wiring
from hwbpweb import valkey
from hwbpweb.celery import app
from hwbpweb.redis import redis_client
from hwbpweb.supervisor import die_with_parent
from sessions_app import tasks

_BROWSER = wiring.BASE_DIR / "sessions_app" / "tests" / "browser"
#: Files that take longest, each alone half a minute and more: begun last, one of them would
#: keep everybody waiting. `--durations 25` tells when that changes.
_LONG = {
    f"test_{name}.py"
    for name in (
        *("postgresql", "up", "many_viewers", "table", "memory"),
        *("deaths", "workspace", "main_job", "accessibility", "talk", "debugger"),
        *("variations", "teams", "keeping", "matrix", "wrong_runs", "moments"),
    )
}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files with a browser come last: Playwright keeps an event loop running in this
    thread, beside which no asyncio test can start its own. Long files come before others."""
    items.sort(
        key=lambda item: (_BROWSER in item.path.parents, item.path.name not in _LONG)
    )


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """SQLite in a file: its in-memory form cannot be written by two threads."""
    database = wiring.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        path = tmp_path_factory.mktemp("database") / "test.sqlite3"
        database.setdefault("TEST", {})["NAME"] = str(path)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """REDIS_URL of a server for this test session."""
    given = os.environ.get("HWBPWEB_TEST_REDIS_URL")
    if given:
        yield given
        return
    folder = valkey.socket_folder()
    parent = os.getpid()
    process = subprocess.Popen(
        valkey.command(folder), preexec_fn=lambda: die_with_parent(parent)
    )
    try:
        assert valkey.wait_until_ready(folder, 10)
        yield valkey.url(folder)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


@pytest.fixture
def redis_server(server_url: str, settings: Any) -> str:
    """An empty server that the product's clients, queues and layers use."""
    settings.REDIS_URL = server_url
    settings.CHANNEL_LAYERS = wiring.channel_layers(server_url)
    broker = wiring.celery_url(server_url)
    app.conf.update(broker_url=broker, result_backend=broker)
    with redis_client() as client:
        client.flushall()
    return server_url


@pytest.fixture
def worker(redis_server: str, transactional_db: None) -> Iterator[None]:
    """A Celery worker of all queues that runs the product's tasks in a thread."""
    assert tasks.execute_run.name in app.tasks
    with start_worker(
        app,
        pool="solo",
        queues=["runs", "quick", "notices"],
        perform_ping_check=False,
        shutdown_timeout=30,
        loglevel="WARNING",
    ):
        yield


@pytest.fixture(scope="session")
def project_dir() -> Path:
    """The top of the repository."""
    return wiring.BASE_DIR
