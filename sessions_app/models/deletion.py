"""What people deleted is hidden at once and gone later: rows have a deleted_at."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models

_M = TypeVar("_M", bound=models.Model)


class PresentManager(models.Manager[_M]):
    """Rows that nobody deleted. The default of its models, so that no query forgets it:
    whoever must see the others says ``everything``."""

    def get_queryset(self) -> models.QuerySet[_M]:
        return super().get_queryset().filter(deleted_at=None)


def deleted_at_field() -> models.DateTimeField[Any, Any]:
    """None: not deleted. A session and the runs deleted with it have the same time."""
    return models.DateTimeField(null=True, blank=True, db_index=True)
