"""Loads table.toml once and turns (base, changed switches) into Switches."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from emulator.errors import RecipeError
from emulator.variants.switches import Switches

#: What stands in table.toml and in a recipe's variant.set.
SwitchValue = bool | int | str

#: The variant of a recipe that names none.
DEFAULT_VARIANT = "g-bare"

_TABLE = Path(__file__).with_name("table.toml")
_TYPES: Mapping[str, type] = get_type_hints(Switches)


class Certainty(StrEnum):
    """How sure we are that a real kernel behaves so."""

    recorded = "recorded"
    """Seen on a real kernel."""
    read = "read"
    """Read in that release's source."""
    derived = "derived"
    """Follows from the source by executing it on paper."""
    reconstruction = "reconstruction"
    """Of a patch whose text is lost."""
    ours = "ours"
    """A definition of this project: no such kernel exists."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A named set of switches with the words that pages show for it."""

    id: str
    alias: str
    """A short name, or empty."""
    base: str
    """The variant that it is told as a difference to, or empty."""
    title: str
    summary: str
    provenance: str
    certainty: Certainty
    changes: Mapping[str, SwitchValue]
    """What differs from the base."""
    machine: Mapping[str, bool | str]
    """Processor profiles that it is told apart by; defaults of a recipe."""
    switches: Switches


def switch_names() -> tuple[str, ...]:
    """Names of all switches in the order of the table."""
    return tuple(f.name for f in fields(Switches))


def variant_ids() -> tuple[str, ...]:
    """Ids of the shipped variants."""
    return tuple(variants())


@cache
def variants() -> Mapping[str, Variant]:
    """The shipped variants by id."""
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    made: dict[str, Variant] = {}
    for name, row in table.items():
        made[name] = _variant(name, row, made)
    return made


def variant_named(name: str, field: str = "variant.base") -> Variant:
    """The shipped variant with this id or alias. Raises RecipeError."""
    known = variants()
    if name in known:
        return known[name]
    for variant in known.values():
        if variant.alias and variant.alias == name:
            return variant
    allowed = ", ".join(known)
    raise RecipeError(f"unknown variant {name!r:.80}; known: {allowed}", field=field)


def switches(base: str, changes: Mapping[str, Any], field: str = "variant") -> Switches:
    """The switches of variant `base` with `changes` applied.

    Raises RecipeError naming ``<field>.base`` or ``<field>.set.<switch>``.
    """
    shipped = variant_named(base, f"{field}.base").switches
    values: dict[str, Any] = {n: getattr(shipped, n) for n in switch_names()}
    for name, value in changes.items():
        values[name] = _value(name, value, f"{field}.set.{name}")
    return Switches(**values)


def _variant(
    name: str, row: Mapping[str, Any], known: Mapping[str, Variant]
) -> Variant:
    given: Mapping[str, Any] = row.get("switches", {})
    base = row.get("base", "")
    if not base and set(given) != set(switch_names()):
        odd = ", ".join(sorted(set(given) ^ set(switch_names())))
        raise RecipeError(f"variant {name} of the table: missing or unknown: {odd}")
    values: dict[str, Any] = {}
    if base:
        values = {n: getattr(known[base].switches, n) for n in switch_names()}
    changes = {n: _value(n, v, f"{name}.switches.{n}") for n, v in given.items()}
    for switch, value in changes.items():
        if switch in values and values[switch] == value:
            raise RecipeError(f"variant {name}: {switch} is as in its base {base}")
    machine = dict(known[base].machine) if base else {}
    return Variant(
        id=name,
        alias=row.get("alias", ""),
        base=base,
        title=row["title"],
        summary=row["summary"],
        provenance=row["provenance"],
        certainty=Certainty(row["certainty"]),
        changes=changes,
        machine=machine | row.get("machine", {}),
        switches=Switches(**{**values, **changes}),
    )


def _value(name: str, value: object, field: str) -> SwitchValue:
    kind = _TYPES.get(name)
    if kind is None:
        allowed = ", ".join(switch_names())
        raise RecipeError(f"unknown switch {name!r:.80}; known: {allowed}", field=field)
    if issubclass(kind, StrEnum):
        return _choice(kind, value, field)
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < 2**31:
            return value
        raise RecipeError(f"{value!r:.80} is no 32-bit priority", field=field)
    word = "true or false" if kind is bool else "a whole number"
    raise RecipeError(
        f"{value!r:.80} is not allowed here; allowed: {word}", field=field
    )


def _choice(kind: type[StrEnum], value: object, field: str) -> StrEnum:
    allowed = [member.value for member in kind]
    if not isinstance(value, str) or value not in allowed:
        raise RecipeError(
            f"{value!r:.80} is not allowed here; allowed: {', '.join(allowed)}",
            field=field,
        )
    return kind(value)
