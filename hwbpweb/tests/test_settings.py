"""What the environment changes, and what holds without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from hwbpweb.celery import app
from hwbpweb.middleware import POLICY
from hwbpweb.redis import redis_client
from hwbpweb.settings import celery_url, channel_layers

PROJECT_DIR = Path(__file__).resolve().parent.parent.parent
_NAMES = [
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "DATABASES",
    "REDIS_URL",
    "CELERY_BROKER_URL",
]


def loaded(data: Path, **environ: str) -> dict[str, Any]:
    """The settings of a fresh process."""
    script = (
        "import json; from hwbpweb import settings as s\n"
        f"print(json.dumps({{n: getattr(s, n) for n in {_NAMES!r}}}, default=str))"
    )
    plain = {"PATH": os.environ["PATH"], "HWBPWEB_DATA": str(data)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT_DIR,
        env=plain | environ,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_secret_key_is_made_once_and_kept(tmp_path: Path) -> None:
    first, second = loaded(tmp_path)["SECRET_KEY"], loaded(tmp_path)["SECRET_KEY"]

    assert first == second
    assert len(first) >= 50


def test_the_secret_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    loaded(tmp_path)

    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_two_first_starts_agree_on_the_secret_key(tmp_path: Path) -> None:
    script = "from hwbpweb import settings; print(settings.SECRET_KEY)"
    environ = os.environ | {"HWBPWEB_DATA": str(tmp_path)}
    environ.pop("SECRET_KEY", None)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=PROJECT_DIR,
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]

    assert len({process.communicate()[0] for process in started}) == 1


def test_debug_is_off_unless_asked_for(tmp_path: Path) -> None:
    assert loaded(tmp_path)["DEBUG"] is False


def test_the_data_folder_holds_the_database(tmp_path: Path) -> None:
    database = loaded(tmp_path)["DATABASES"]["default"]

    assert Path(database["NAME"]) == tmp_path / "db.sqlite3"


def test_database_url_switches_to_postgresql(tmp_path: Path) -> None:
    found = loaded(tmp_path, DATABASE_URL="postgres://u:p@db.example:5433/hwbp")

    database = found["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["PORT"]) == ("db.example", 5433)


def test_redis_url_reaches_the_broker(tmp_path: Path) -> None:
    found = loaded(tmp_path, REDIS_URL="rediss://cache.example:6380/2")

    assert found["CELERY_BROKER_URL"] == "rediss://cache.example:6380/2"


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://h:6379/1", "redis://h:6379/1"),
        ("unix:///tmp/a.sock?db=3", "redis+socket:///tmp/a.sock?virtual_host=3"),
        ("unix:///tmp/a.sock", "redis+socket:///tmp/a.sock?virtual_host=0"),
    ],
)
def test_the_broker_has_its_own_spelling_of_a_socket(url: str, broker: str) -> None:
    assert celery_url(url) == broker


def test_no_socket_of_redis_times_out() -> None:
    client = redis_client()
    layer = channel_layers("unix:///x")["default"]["CONFIG"]["hosts"][0]

    assert client.connection_pool.connection_kwargs["socket_timeout"] is None
    assert layer["socket_timeout"] is None
    assert app.conf.broker_transport_options["socket_timeout"] is None
    client.close()


def test_a_message_is_not_delivered_again_during_a_long_run() -> None:
    longest = 6 * 3600

    assert app.conf.broker_transport_options["visibility_timeout"] > longest


def test_runs_and_quick_jobs_have_queues_of_their_own() -> None:
    routes = settings.CELERY_TASK_ROUTES

    assert (routes["runs.*"]["queue"], routes["quick.*"]["queue"]) == ("runs", "quick")


def test_a_lease_outlives_several_renewals() -> None:
    assert settings.LEASE_TTL >= 4 * settings.LEASE_RENEW


@pytest.mark.parametrize("path", ["/accounts/login/", "/nowhere/", "/api/v1/runs/"])
def test_every_answer_has_the_content_security_policy(db: None, path: str) -> None:
    answer = Client().get(path)

    assert answer["Content-Security-Policy"] == POLICY


def test_the_policy_allows_nothing_inline_and_no_other_host() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert POLICY.startswith("default-src 'self'")


def test_production_settings_pass_djangos_own_check(tmp_path: Path) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "HWBPWEB_DATA": str(tmp_path),
        "HWBPWEB_HTTPS": "1",
        "ALLOWED_HOSTS": "hwbp.example",
    }
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "hwbpweb.commands",
            "check",
            "--deploy",
            "--tag",
            "security",
        ],
        cwd=PROJECT_DIR,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert "WARNINGS" not in done.stderr, done.stderr
