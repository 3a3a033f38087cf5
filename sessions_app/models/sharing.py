"""Secrets by which people and scripts come in; only their SHA-256 is kept."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from sessions_app.models.mail import Review
from sessions_app.models.run import Run
from sessions_app.models.session import DebugSession
from sessions_app.models.team import Membership, Team


class ShareLink(models.Model):
    """Lets anybody into one session, opened at a moment (run, seq), or one review."""

    class Role(models.TextChoices):
        """The weakest first: each may what those before it may."""

        VIEWER = "viewer"
        COMMENTER = "commenter"
        CONTROLLER = "controller"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(
        DebugSession,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="share_links",
    )
    review = models.ForeignKey(
        Review,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="share_links",
    )
    token_hash = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="share_links"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    run = models.ForeignKey(
        Run,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="share_links",
    )
    seq = models.PositiveBigIntegerField(null=True, blank=True)
    use_limit = models.PositiveIntegerField(null=True, blank=True)
    """Openings after which it opens no more; who came before stays."""
    used_count = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(session=None) ^ models.Q(review=None),
                name="share_link_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.session_id or self.review_id}"

    @property
    def thing(self) -> DebugSession | Review:
        """What it opens."""
        found = self.session or self.review
        assert found is not None  # a constraint of the table
        return found

    @property
    def state(self) -> str:
        """``open``, ``revoked``, ``expired`` or ``used up``."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return "expired"
        if self.use_limit is not None and self.used_count >= self.use_limit:
            return "used up"
        return "open"


class LinkOpening(models.Model):
    """Somebody opened a link: when, as what, and from which part of the network."""

    link = models.ForeignKey(
        ShareLink, on_delete=models.CASCADE, related_name="openings"
    )
    at = models.DateTimeField(auto_now_add=True)
    role = models.CharField(max_length=10, choices=ShareLink.Role.choices)
    network = models.CharField(max_length=50, blank=True)
    """/24 of IPv4, /48 of IPv6: enough to notice a stranger, not to find a person."""

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.link_id} opened {self.at}"


class LinkHolder(models.Model):
    """An account that came by a link. The browser's cookie lets it in; this says, without
    a request, who may be told of what is said there."""

    link = models.ForeignKey(
        ShareLink, on_delete=models.CASCADE, related_name="holders"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="links_held"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "person"], name="link_held_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} holds {self.link_id}"


class ApiToken(models.Model):
    """``Authorization: Bearer`` for scripts."""

    class Scope(models.TextChoices):
        """The narrowest first: each may what those before it may."""

        READ = "read"
        WRITE = "write"
        CONTROL = "control"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    scope = models.CharField(
        max_length=10, choices=Scope.choices, default=Scope.CONTROL
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or self.expires_at > timezone.now()

    def allows(self, scope: str) -> bool:
        """Whether it reaches as far."""
        order: list[str] = self.Scope.values
        return order.index(self.scope) >= order.index(scope)


class LoginLink(models.Model):
    """Signs its user in once."""

    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="login_links"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"login link of {self.user_id}"


class Invitation(models.Model):
    """Lets somebody make themselves an account, once. With a team they join it too,
    which somebody who has an account can do with it as well."""

    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitations"
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="invitations",
    )
    role = models.CharField(max_length=10, choices=Membership.Role.choices, blank=True)
    """In the team."""
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="invited_by",
    )

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"invitation by {self.created_by_id}"

    @property
    def is_live(self) -> bool:
        """Whether it still makes an account."""
        return self.used_at is None and self.expires_at > timezone.now()
