"""Does what the plan says, one thing at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from sessions_app.services.deletion import run_purge, session_purge, trace_remove
from sessions_app.services.retention.plan import Removal, removals
from sessions_app.services.retention.policy import Policy, is_protected
from sessions_app.services.retention.vacuum import Leftover, leftovers

logger = logging.getLogger(__name__)

_DO: dict[str, Callable[[UUID], None]] = {
    "session": session_purge,
    "run": run_purge,
    "trace": trace_remove,
}


def prune(
    policy: Policy, now: datetime, *, dry: bool = False
) -> Iterator[Removal | Leftover]:
    """What is removed, as it is removed; dry: what would be. Each removal is whole or did
    not happen, so one that fails stops nothing that was done before."""
    for removal in list(removals(policy, now)):
        if not dry:
            if removal.kind == "trace" and is_protected(removal.pk):
                continue  # since the plan was made
            _DO[removal.kind](removal.pk)
            logger.info("removed %s: %s", removal.what, removal.why)
        yield removal
    yield from leftovers(now, remove=not dry)
