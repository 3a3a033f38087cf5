"""The one place where Redis clients are made.

redis-py 8 gives sockets a timeout of 5 s by default, which ends every longer blocking
read; a client made elsewhere would bring that back.
"""

from __future__ import annotations

from typing import Any

import redis
import redis.asyncio
from django.conf import settings

_OPTIONS: dict[str, Any] = {"socket_timeout": None, "health_check_interval": 15}


def redis_client() -> redis.Redis:
    """A blocking client; close it when done."""
    client: redis.Redis = redis.Redis.from_url(settings.REDIS_URL, **_OPTIONS)
    return client


def async_redis_client() -> redis.asyncio.Redis:
    """A client for the running event loop; aclose it when done."""
    client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
        settings.REDIS_URL, **_OPTIONS
    )
    return client
