"""What the head of each page says of a person's notifications; names in remarks."""

from __future__ import annotations

from collections.abc import Collection

from django import template
from django.contrib.auth.models import AnonymousUser, User
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from sessions_app.readers import notifications_of
from sessions_app.services.notices.mentions import mark, pieces

register = template.Library()

#: From here on the head says "99+".
_MANY = 100


@register.simple_tag
def unread_count(user: User | AnonymousUser) -> str:
    """How many a person has not read; empty for none."""
    if not isinstance(user, User):
        return ""
    count = notifications_of(user).filter(read_at=None).order_by()[:_MANY].count()
    return f"{_MANY - 1}+" if count == _MANY else str(count or "")


def wrapped(name: str) -> str:
    """The markup of a mention."""
    return f'<b class="mention">{name}</b>'


@register.filter
def mentioned(text: str, names: Collection[str] = ()) -> SafeString:
    """Plain words, escaped, with the known names marked; code and addresses as they are."""
    done = [
        mark(str(conditional_escape(piece)), names, wrapped)
        if prose and names
        else str(conditional_escape(piece))
        for prose, piece in pieces(text)
    ]
    return mark_safe("".join(done))
