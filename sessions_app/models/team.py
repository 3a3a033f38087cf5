"""Teams: people who work on the same sessions and reviews, each with a role."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class Team(models.Model):
    """Sessions and reviews are given to it; whoever made them stays their owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "created_at"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """Somebody in a team."""

    class Role(models.TextChoices):
        """The weakest first: each may what those before it may. The first three are
        those of share links."""

        VIEWER = "viewer"
        COMMENTER = "commenter"
        CONTROLLER = "controller"
        MAINTAINER = "maintainer"
        OWNER = "owner"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="member_once_in_team")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.team_id}"
