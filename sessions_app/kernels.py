"""The kernels that a person can choose from: shipped variants, and switch sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest

from sessions_app import runner
from sessions_app.errors import UnknownKernel
from sessions_app.models import SwitchSet
from sessions_app.permissions import (
    Person,
    public_switch_sets,
    switch_set_for,
    switch_sets_of,
)

#: How a set is named where a variant's id can stand too.
_SET = "set:"

Choices = list[tuple[str, list[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class Kernel:
    """A chosen kernel, as recipes need it."""

    name: str
    """A variant's id, or ``set:`` and a set's."""
    title: str
    base: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    set_id: UUID | None = None

    @property
    def label(self) -> str:
        """Why a run on it is there; a recipe does not know the name of a set."""
        return f"{self.title}, on {self.base}" if self.set_id else self.title


def set_name(switch_set: SwitchSet) -> str:
    """``set:`` and its id."""
    return f"{_SET}{switch_set.pk}"


def shipped_kernel(variant: runner.Variant) -> Kernel:
    """A shipped variant as a kernel."""
    return Kernel(variant.id, variant.title, variant.id)


def set_kernel(switch_set: SwitchSet) -> Kernel:
    """A switch set as a kernel."""
    return Kernel(
        set_name(switch_set),
        switch_set.name,
        switch_set.base,
        switch_set.changes,
        switch_set.pk,
    )


def kernel_for(request: HttpRequest, name: str) -> Kernel:
    """The kernel of that name, if this person may use it. Raises UnknownKernel."""
    if not name.startswith(_SET):
        variant = runner.variant(name)
        if variant is None:
            raise _unknown(name)
        return shipped_kernel(variant)
    try:
        found = switch_set_for(request, UUID(name.removeprefix(_SET)))
    except (ValueError, Http404) as error:
        raise _unknown(name) from error
    return set_kernel(found)


def kernel_choices(person: Person, also: Kernel | None = None) -> Choices:
    """For a select: variants, own sets, public sets of others; also: one more that the
    person came with."""
    groups: Choices = [
        ("Kernels", [(v.id, f"{v.id} · {v.title}") for v in runner.variants()]),
        ("Your switch sets", [_choice(s) for s in switch_sets_of(person)]),
        ("Switch sets of others", [_choice(s) for s in public_switch_sets(person)]),
    ]
    known = {name for _, group in groups for name, _ in group}
    if also is not None and also.name not in known:
        groups.append(("By its address", [(also.name, also.title)]))
    return [group for group in groups if group[1]]


def _choice(switch_set: SwitchSet) -> tuple[str, str]:
    return set_name(switch_set), f"{switch_set.name}, on {switch_set.base}"


def _unknown(name: str) -> UnknownKernel:
    return UnknownKernel(
        f"no kernel “{name[:60]}” is known to you",
        field="variant",
        value=name[:60],
        allowed=f"{', '.join(v.id for v in runner.variants())}, set:<id of a switch set>",
    )
