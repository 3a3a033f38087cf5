"""EarlierText: what a remark said before its author changed it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sessions_app.models.mail import ReviewRemark
from sessions_app.models.review import Annotation


class EarlierText(models.Model):
    """Of one remark: an annotation of a session, or a remark of a review."""

    annotation = models.ForeignKey(
        Annotation, on_delete=models.CASCADE, null=True, related_name="earlier"
    )
    remark = models.ForeignKey(
        ReviewRemark, on_delete=models.CASCADE, null=True, related_name="earlier"
    )
    body = models.TextField()
    replaced_at = models.DateTimeField()
    """When the next words came instead: they are as old as that."""

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(annotation=None) ^ Q(remark=None),
                name="earlier_text_of_one_remark",
            )
        ]

    def __str__(self) -> str:
        return self.body[:40]
