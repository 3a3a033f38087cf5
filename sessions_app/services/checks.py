"""What test systems say of a series: added one by one, read as the last of each context."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from sessions_app.errors import CheckRefused
from sessions_app.models import Review, SeriesCheck

#: Of one review, in all; a test system that goes mad fills no disk.
MAX_CHECKS = 2000
MAX_DESCRIPTION = 1000
MAX_URL = 500
CONTEXT = r"[-a-zA-Z0-9_]{1,255}"
_URL = re.compile(rf"https?://[!-~]{{1,{MAX_URL - 8}}}")

State = SeriesCheck.State
#: The first of them that there is stands for all.
_WORST = (State.FAIL, State.WARNING, State.PENDING, State.SUCCESS)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said of a version, or of one patch of it."""

    version: int
    state: str
    patch: int | None = None
    context: str = "default"
    target_url: str = ""
    description: str = ""


@transaction.atomic
def check_add(*, review: Review, by: User, finding: Finding) -> SeriesCheck:
    """Keep it; what was said before under the same context stays as its history. Raises
    CheckRefused: no such version or patch, an address that is none, too many."""
    _find(review, finding)
    if finding.target_url and not _URL.fullmatch(finding.target_url):
        raise CheckRefused(
            "this is no address of a page",
            field="target_url",
            value=finding.target_url[:200],
            allowed=f"http:// or https://, at most {MAX_URL} characters",
        )
    if review.series_checks.count() >= MAX_CHECKS:
        raise CheckRefused(
            "the review has as many checks as one may have",
            field="context",
            value=finding.context,
            allowed=f"at most {MAX_CHECKS} checks",
        )
    return SeriesCheck.objects.create(
        review=review,
        version=finding.version,
        patch=finding.patch,
        context=finding.context,
        state=finding.state,
        target_url=finding.target_url,
        description=finding.description,
        user=by,
        user_name=by.get_username(),
    )


def _find(review: Review, finding: Finding) -> None:
    known = sorted(set(review.versions.values_list("version", flat=True)))
    if finding.version not in known:
        raise CheckRefused(
            "the series has no such version",
            field="version",
            value=finding.version,
            allowed=", ".join(map(str, known)) or "none: no patches are here",
        )
    if finding.patch is None:
        return
    own = review.versions.filter(version=finding.version)
    numbers = sorted(set(own.values_list("patches__number", flat=True)) - {None})
    if finding.patch not in numbers:
        raise CheckRefused(
            "the version has no such patch",
            field="patch",
            value=finding.patch,
            allowed=", ".join(map(str, numbers)),
        )


def last_checks(review: Review, version: int | None = None) -> list[SeriesCheck]:
    """The newest of each context of each patch and version, by patch and context."""
    own = review.series_checks.order_by("date")
    if version is not None:
        own = own.filter(version=version)
    last = {(each.version, each.patch, each.context): each for each in own}
    return [last[key] for key in sorted(last, key=lambda k: (k[0], k[1] or 0, k[2]))]


def combined_state(checks: list[SeriesCheck]) -> str:
    """fail if one does, else warning, pending, success; empty for none."""
    states = {each.state for each in checks}
    return next((str(each) for each in _WORST if each in states), "")
