"""``manage.py prune``: remove what is not kept any longer, or say what that would be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from sessions_app.services.retention import Removal, present_policy, prune


class Command(BaseCommand):
    """A line for each thing, with the reason."""

    help = "Remove deleted sessions and runs, old traces, and what nothing refers to."

    def add_arguments(self, parser: CommandParser) -> None:
        """Instead of the settings."""
        parser.add_argument("--dry-run", action="store_true", help="only say it")
        parser.add_argument(
            "--days", type=float, help="keep traces so long; 0: for ever"
        )
        parser.add_argument("--bytes", type=int, help="keep so much; 0: everything")

    def handle(self, *args: Any, **options: Any) -> None:
        """The command."""
        policy = present_policy()
        for name in ("days", "bytes"):
            if options[name] is not None:
                policy = replace(policy, **{name: options[name]})
        word = "would remove" if options["dry_run"] else "removed"
        freed = count = 0
        for each in prune(policy, timezone.now(), dry=options["dry_run"]):
            count += 1
            if isinstance(each, Removal):
                freed += each.size
                size = filesizeformat(each.size).replace("\xa0", " ")
                self.stdout.write(f"{word} {each.what} ({size}): {each.why}")
            else:
                self.stdout.write(f"{word} {each.count} {each.kind}: {each.why}")
        total = filesizeformat(freed).replace("\xa0", " ")
        self.stdout.write(f"{total} of traces" if count else "nothing to remove")
