"""Debug sessions: one subject under inspection with its runs and remarks."""

from __future__ import annotations

from django.contrib.auth.models import User

from sessions_app.models import DebugSession


def session_create(
    *,
    owner: User,
    title: str,
    description: str = "",
    scenario: str = "",
    patch_text: str = "",
) -> DebugSession:
    """A session without runs yet."""
    return DebugSession.objects.create(
        owner=owner,
        title=title,
        description=description,
        scenario=scenario,
        patch_text=patch_text,
    )


def session_edit(*, session: DebugSession, **fields: str) -> DebugSession:
    """Change title, description or patch."""
    for name, value in fields.items():
        setattr(session, name, value)
    session.save(update_fields=[*fields, "updated_at"])
    return session
