"""``manage.py login_link``: a way in for somebody who has no password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from sessions_app.services.accounts import OWNER, login_link_create


class Command(BaseCommand):
    """Prints the path of a one-time login link."""

    help = "Print a login link that works once, within a day."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose link."""
        parser.add_argument("username", nargs="?", default=OWNER)

    def handle(self, *args: Any, **options: Any) -> None:
        """The command."""
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"no user {options['username']!r}")
        secret = login_link_create(user=user)
        self.stdout.write(reverse("login-link", args=[secret]))
