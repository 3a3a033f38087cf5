"""Debug sessions: one subject under inspection with its runs and remarks."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from sessions_app.models import DebugSession
from sessions_app.services.runs import run_create

#: A duplicate queues at most so many runs, the first recipes first.
MAX_COPIED = 20


def session_create(
    *,
    owner: User,
    title: str,
    description: str = "",
    scenario: str = "",
    patch_text: str = "",
    **seen: Any,
) -> DebugSession:
    """A session without runs yet; seen: visibility, team."""
    return DebugSession.objects.create(
        owner=owner,
        title=title,
        description=description,
        scenario=scenario,
        patch_text=patch_text,
        **seen,
    )


@transaction.atomic
def session_duplicate(*, session: DebugSession, owner: User) -> DebugSession:
    """A session of its own with the same words, patch and recipes. The recipes run again,
    each once; traces, remarks and links stay where they are. Raises what run_create
    raises; then nothing is made."""
    copy = session_create(
        owner=owner,
        title=_copy_title(session.title),
        description=session.description,
        scenario=session.scenario,
        patch_text=session.patch_text,
    )
    seen: set[str] = set()
    for run in session.runs.select_related("recipe").order_by("number"):
        if run.recipe_id not in seen and len(seen) < MAX_COPIED:
            seen.add(run.recipe_id)
            run_create(session=copy, recipe=run.recipe, label=run.label)
    return copy


def _copy_title(title: str) -> str:
    room = DebugSession._meta.get_field("title").max_length or 0
    return f"Copy of {title}"[:room]


def session_show(*, session: DebugSession, **seen: Any) -> DebugSession:
    """Change who sees it: visibility, team (None: no team's). Whoever may no longer read
    it loses the page with the next request and the sockets within some seconds: both ask
    sessions_app.permissions anew."""
    for name, value in seen.items():
        setattr(session, name, value)
    session.save(update_fields=list(seen))
    return session


def session_edit(*, session: DebugSession, **fields: str) -> DebugSession:
    """Change title, description or patch."""
    for name, value in fields.items():
        setattr(session, name, value)
    session.save(update_fields=[*fields, "updated_at"])
    return session
