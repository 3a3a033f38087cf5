"""What goes, when, and why (docs/operations.md, "What is kept")."""

from sessions_app.services.retention.plan import Removal, removals
from sessions_app.services.retention.policy import Policy, present_policy, protection
from sessions_app.services.retention.prune import prune
from sessions_app.services.retention.vacuum import leftovers

__all__ = [
    "Policy",
    "Removal",
    "leftovers",
    "present_policy",
    "protection",
    "prune",
    "removals",
]
