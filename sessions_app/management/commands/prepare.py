"""``manage.py prepare``: what ``up`` needs from Django before it starts the web."""

from __future__ import annotations

import json
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.urls import reverse

from sessions_app.services.accounts import login_link_create, owner_ensure
from sessions_app.services.demo import demo_session_create


class Command(BaseCommand):
    """Migrates, then prints one line of JSON."""

    requires_system_checks = []
    help = "Migrate, make the owner and the demo session, print a login link as JSON."

    def handle(self, *args: Any, **options: Any) -> None:
        """The command."""
        call_command("migrate", interactive=False, verbosity=0)
        owner = owner_ensure()
        demo_session_create(owner=owner)
        login = reverse("login-link", args=[login_link_create(user=owner)])
        self.stdout.write(json.dumps({"login": login}))
