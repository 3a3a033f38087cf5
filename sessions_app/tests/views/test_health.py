"""/health/ with and without its servers."""

from __future__ import annotations

from typing import Any

from django.test import Client


def test_all_is_well_with_both_servers(db: None, redis_server: str) -> None:
    answer = Client().get("/health/")

    assert (answer.status_code, answer.json()) == (
        200,
        {"database": "ok", "redis": "ok"},
    )


def test_a_missing_redis_is_said(db: None, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    answer = Client().get("/health/")

    assert (answer.status_code, answer.json()["redis"]) == (503, "away")
