"""Kernel variants and their switches as pages and scripts tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.errors import RecipeError
from emulator.variants import (
    DEFAULT_VARIANT,
    Switches,
    SwitchMeaning,
    Variant,
    switch_meanings,
    switch_names,
    switches,
    variant_named,
)
from emulator.variants import variants as shipped
from sessions_app.errors import InvalidSwitches

__all__ = [
    "DEFAULT_VARIANT",
    "SwitchMeaning",
    "SwitchRow",
    "Variant",
    "check_switches",
    "switch_meanings",
    "switch_rows",
    "switch_values",
    "variant",
    "variants",
]

_FIELDS = {"variant.base": "base"}


@dataclass(frozen=True, slots=True)
class SwitchRow:
    """One switch of a kernel, beside what it is told as a difference to."""

    told: SwitchMeaning
    value: Any
    before: Any
    """The value of the base; of a kernel without one its own."""
    set_by: str
    """The shipped variant that gave it this value; empty when this kernel did."""

    name = property(lambda self: self.told.name)
    section = property(lambda self: self.told.section)
    meaning = property(lambda self: self.told.meaning)

    @property
    def changed(self) -> bool:
        """Whether this kernel differs from its base here."""
        return bool(self.value != self.before)

    @property
    def value_means(self) -> str:
        """What the value means, where the switch is a choice."""
        return self.told.choices.get(str(self.value), "")


def variants() -> tuple[Variant, ...]:
    """The shipped kernel variants in their order."""
    return tuple(shipped().values())


def variant(name: str) -> Variant | None:
    """A shipped variant by its id or short name, or None."""
    try:
        return variant_named(name)
    except RecipeError:
        return None


def switch_values(base: str, changes: Mapping[str, Any]) -> Switches:
    """All switches of a kernel. Raises InvalidSwitches."""
    try:
        return switches(base, changes)
    except RecipeError as error:
        raise _refusal(error, changes) from error


def check_switches(base: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What of the changes differs from the base, in the order of the table.

    Raises InvalidSwitches naming ``base`` or ``changes.<switch>``.
    """
    wanted, own = switch_values(base, changes), switch_values(base, {})
    values = {n: (getattr(wanted, n), getattr(own, n)) for n in switch_names()}
    return {name: _plain(new) for name, (new, old) in values.items() if new != old}


def switch_rows(base: str, changes: Mapping[str, Any] | None) -> list[SwitchRow]:
    """The switches of a kernel in order. changes None: of the shipped variant itself."""
    kernel = variant_named(base)
    values = switch_values(base, changes or {})
    below = kernel
    if changes is None and kernel.base:
        below = variant_named(kernel.base)
    return [
        SwitchRow(
            told,
            _plain(getattr(values, told.name)),
            _plain(getattr(below.switches, told.name)),
            "" if told.name in (changes or {}) else _setter(kernel, told.name),
        )
        for told in switch_meanings()
    ]


def _setter(kernel: Variant, name: str) -> str:
    """The nearest variant, this one or one below it, that states the switch."""
    while kernel.base and name not in kernel.changes:
        kernel = variant_named(kernel.base)
    return kernel.id


def _plain(value: Any) -> Any:
    """A member of an enumeration as its word: recipes and pages hold words."""
    return value if isinstance(value, bool | int) else str(value)


def _refusal(error: RecipeError, changes: Mapping[str, Any]) -> InvalidSwitches:
    path = error.field or ""
    field = _FIELDS.get(path, path.replace("variant.set", "changes", 1))
    value = changes.get(field.removeprefix("changes."))
    return InvalidSwitches(error.detail, field=field, value=value)
