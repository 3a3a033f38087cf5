"""Switch sets: kernels of one's own, checked before they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from sessions_app import runner
from sessions_app.models import SwitchSet

_TRIES = 100
_SLUG = 72
#: Of a name without a letter or digit.
_NAMELESS = "set"


def switch_set_create(
    *,
    owner: User,
    name: str,
    base: str,
    changes: Mapping[str, Any],
    note: str = "",
    visibility: str = SwitchSet.Visibility.PRIVATE,
) -> SwitchSet:
    """Keep a set. What is as in the base is left out. Raises InvalidSwitches."""
    kept = runner.check_switches(base, changes)
    made = SwitchSet(
        owner=owner,
        name=name,
        base=_id(base),
        changes=kept,
        note=note,
        visibility=visibility,
    )
    return _save(made)


def switch_set_edit(*, switch_set: SwitchSet, **fields: Any) -> SwitchSet:
    """Change any of name, base, changes, note, visibility. Raises InvalidSwitches.

    Runs that were made from the set stay what they were: their recipes hold its switches.
    """
    for name, value in fields.items():
        setattr(switch_set, name, value)
    switch_set.changes = runner.check_switches(switch_set.base, switch_set.changes)
    switch_set.base = _id(switch_set.base)
    return _save(switch_set)


def switch_set_delete(*, switch_set: SwitchSet) -> None:
    """Forget a set; recipes that were made from it stay."""
    switch_set.delete()


def _id(base: str) -> str:
    """The id of a variant that may have been named by its short name."""
    found = runner.variant(base)
    assert found is not None
    return found.id


def _save(switch_set: SwitchSet) -> SwitchSet:
    """Save under the first free slug of the owner's."""
    word = slugify(switch_set.name)[:_SLUG] or _NAMELESS
    if switch_set.slug and switch_set.slug.startswith(word):
        switch_set.save()
        return switch_set
    for number in range(1, _TRIES):
        switch_set.slug = word if number == 1 else f"{word}-{number}"
        try:
            with transaction.atomic():
                switch_set.save()
        except IntegrityError:
            # The owner has one of that name already.
            if number == _TRIES - 1:
                raise
            continue
        break
    return switch_set
