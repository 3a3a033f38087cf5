"""So many tries an hour from one part of the network, counted by each web process."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest

from sessions_app.services.sharing import network_of

TRIES = 20
_HOUR = 3600


def is_throttled(request: HttpRequest, what: str) -> bool:
    """Count a try; whether there were too many."""
    place = network_of(request.META.get("REMOTE_ADDR", "")) or "local"
    key = f"tries:{what}:{place.replace('/', '-')}"
    cache.add(key, 0, _HOUR)
    try:
        return cache.incr(key) > TRIES
    except ValueError:  # it ended between the two
        return False
