"""/health/ for load balancers and monitors: says what answers, and nothing more."""

from __future__ import annotations

import redis
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sessions_app import dispatch
from sessions_app.models import Run


def _database() -> str:
    try:
        Run.objects.exists()
    except DatabaseError:
        return "away"
    return "ok"


def _redis() -> str:
    try:
        dispatch.waiting_runs()
    except (redis.RedisError, OSError):
        return "away"
    return "ok"


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when the database and Redis answer, else 503."""
    found = {"database": _database(), "redis": _redis()}
    status = 200 if set(found.values()) == {"ok"} else 503
    return JsonResponse(found, status=status)
