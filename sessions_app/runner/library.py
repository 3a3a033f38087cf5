"""What ships: scenarios with their images and versions, and the kernel variants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from emulator.programs import load_elf
from emulator.recipe import ImageFormat, ImageRef, Recipe
from emulator.scenarios import BUGGY, FIXED, list_scenarios
from emulator.scenarios import Scenario as Shipped
from emulator.scenarios import Version as ShippedVersion
from emulator.variants import Variant, variant_named

__all__ = [
    "Scenario",
    "ScenarioImage",
    "ScenarioVersion",
    "scenario",
    "scenarios",
]

#: Members of a recipe that say which kernel it is.
_OF_THE_KERNEL = {"variant", "machine"}


@dataclass(frozen=True, slots=True)
class ScenarioImage:
    """A bundled program with the assembly it was made of."""

    name: str
    sha256: str
    data: bytes
    format: str
    load: str
    symbols: dict[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class ScenarioVersion:
    """A scenario on one kernel, and what must come of it."""

    index: int
    role: str
    """``buggy`` or ``fixed``."""
    label: str
    variant: Variant
    changes: Mapping[str, Any]
    """Switches that this version changes of its variant."""
    members: tuple[str, ...]
    """Members of the recipe, beside the kernel, that differ from the scenario's."""
    recipe: dict[str, Any]
    recipe_id: str
    expect: Mapping[str, Any]
    expect_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A lesson that can be run as it is. text is Markdown with code and bold only."""

    slug: str
    title: str
    summary: str
    text: str
    words: str
    lead: bool
    recipe: dict[str, Any]
    variant: Variant
    images: tuple[ScenarioImage, ...]
    versions: tuple[ScenarioVersion, ...]

    @property
    def pictures(self) -> list[str]:
        """Templates of its drawing, the best first."""
        names = (self.slug, "default")
        return [f"scenarios/pictures/{name}.html" for name in names]

    @property
    def pair(self) -> tuple[ScenarioVersion, ScenarioVersion] | None:
        """The first version with the fault and the first one without it."""
        firsts = [
            next((v for v in self.versions if v.role == role), None)
            for role in (BUGGY, FIXED)
        ]
        buggy, fixed = firsts
        return None if buggy is None or fixed is None else (buggy, fixed)

    @property
    def kernels(self) -> str:
        """What its sides differ in."""
        if self.pair is None:
            return self.variant.id
        buggy, fixed = self.pair
        if buggy.variant.id != fixed.variant.id:
            return f"{buggy.variant.id} against {fixed.variant.id}"
        names = sorted({*buggy.changes, *fixed.changes, *fixed.members})
        return f"{buggy.variant.id}, {' and '.join(names[:2])} changed"


@cache
def scenarios() -> tuple[Scenario, ...]:
    """The library in teaching order."""
    return tuple(_scenario(shipped) for shipped in list_scenarios())


def scenario(slug: str) -> Scenario | None:
    """One scenario, or None."""
    return next((s for s in scenarios() if s.slug == slug), None)


def _scenario(shipped: Shipped) -> Scenario:
    recipe = shipped.recipe
    return Scenario(
        slug=shipped.id,
        title=shipped.title,
        summary=shipped.summary,
        text=shipped.text,
        words=_words(recipe),
        lead=shipped.lead,
        recipe=recipe.to_json(),
        variant=variant_named(recipe.variant.base),
        images=tuple(_image(shipped, ref) for ref in recipe.images),
        versions=tuple(
            _version(index, version, recipe)
            for index, version in enumerate(shipped.versions)
        ),
    )


def _words(recipe: Recipe) -> str:
    cpus, watches = recipe.machine.cpus, len(recipe.breakpoints)
    said = [f"{cpus} CPU{'s' if cpus > 1 else ''}"]
    if watches:
        said.append(f"{watches} breakpoint{'s' if watches > 1 else ''}")
    if recipe.kgdb is not None:
        said.append("kgdb")
    return ", ".join(said)


def _version(index: int, shipped: ShippedVersion, told: Recipe) -> ScenarioVersion:
    recipe = shipped.recipe
    body, other = recipe.to_json(), told.to_json()
    return ScenarioVersion(
        index=index,
        role=shipped.role,
        label=shipped.label,
        variant=variant_named(shipped.variant),
        changes=dict(recipe.variant.set),
        members=tuple(
            name
            for name in sorted(body.keys() | other.keys())
            if name not in _OF_THE_KERNEL and body.get(name) != other.get(name)
        ),
        recipe=body,
        recipe_id=recipe.id,
        expect=dict(shipped.expect),
        expect_words=shipped.expect_in_words,
    )


def _image(shipped: Shipped, ref: ImageRef) -> ScenarioImage:
    data = shipped.images[ref.sha256]
    if ref.format is ImageFormat.flat:
        table = dict(ref.symbols)
    else:
        table = dict(load_elf(data).addresses)
    return ScenarioImage(
        name=ref.name,
        sha256=ref.sha256,
        data=data,
        format=str(ref.format),
        load="" if ref.load is None else hex(ref.load),
        symbols={name: hex(address) for name, address in table.items()},
        source=shipped.sources.get(ref.name, ""),
    )
