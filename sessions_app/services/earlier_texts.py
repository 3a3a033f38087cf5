"""Other words for a remark that people have read: what it said before is kept."""

from __future__ import annotations

from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from sessions_app.errors import RemarkRefused
from sessions_app.models import Annotation, EarlierText, ReviewRemark

#: Changes of one remark.
MAX_EDITS = 100

_Remark = TypeVar("_Remark", Annotation, ReviewRemark)


@transaction.atomic
def words_replace(*, of: _Remark, body: str) -> _Remark:
    """Other words; the same words change nothing. Raises RemarkRefused: changed too often,
    taken out, or by somebody else in the same moment."""
    if of.body == body:
        return of
    if of.removed_at is not None:
        raise RemarkRefused("this remark was taken out", field="body")
    if of.earlier.count() >= MAX_EDITS:
        raise RemarkRefused(
            "this remark was changed too often",
            field="body",
            value=MAX_EDITS,
            allowed=f"{MAX_EDITS} changes; write another one",
        )
    now = timezone.now()
    rows = type(of).objects.filter(pk=of.pk, body=of.body)
    if not rows.update(body=body, updated_at=now):
        raise RemarkRefused("it was changed meanwhile; read it again", field="body")
    of.earlier.create(body=of.body, replaced_at=now)
    of.body, of.updated_at = body, now
    return of


@transaction.atomic
def words_remove(*, of: Annotation | ReviewRemark) -> bool:
    """Take a remark out. One with answers stays without its words, and without those it
    had before, so that the answers have a place; whether it does."""
    if not of.replies.exists():
        above = of.answers
        of.delete()
        _tidy(above)
        return False
    EarlierText.objects.filter(pk__in=of.earlier.values("pk")).delete()
    of.body, of.removed_at = "", timezone.now()
    of.save(update_fields=["body", "removed_at", "updated_at"])
    return True


def _tidy(above: Annotation | ReviewRemark | None) -> None:
    """What stood only for its answers goes with the last of them."""
    if above is None or above.removed_at is None or above.replies.exists():
        return
    further = above.answers
    above.delete()
    _tidy(further)
