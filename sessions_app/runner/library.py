"""What ships: scenarios with their images, and the kernel variants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from emulator.programs import load_elf
from emulator.recipe import ImageFormat, ImageRef
from emulator.scenarios import Scenario as Shipped
from emulator.scenarios import list_scenarios
from emulator.variants import Variant
from emulator.variants import variants as shipped_variants

__all__ = [
    "Scenario",
    "ScenarioImage",
    "Variant",
    "scenario",
    "scenarios",
    "variants",
]


@dataclass(frozen=True, slots=True)
class ScenarioImage:
    """A bundled program with the assembly it was made of."""

    sha256: str
    data: bytes
    format: str
    load: str
    symbols: dict[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A lesson that can be run as it is. text is Markdown."""

    slug: str
    title: str
    summary: str
    text: str
    words: str
    recipe: dict[str, Any]
    images: tuple[ScenarioImage, ...]


@cache
def scenarios() -> tuple[Scenario, ...]:
    """The library in teaching order."""
    return tuple(_scenario(shipped) for shipped in list_scenarios())


def scenario(slug: str) -> Scenario | None:
    """One scenario, or None."""
    return next((s for s in scenarios() if s.slug == slug), None)


def variants() -> tuple[Variant, ...]:
    """The shipped kernel variants in their order."""
    return tuple(shipped_variants().values())


def _scenario(shipped: Shipped) -> Scenario:
    recipe = shipped.recipe
    cpus, watches = recipe.machine.cpus, len(recipe.breakpoints)
    words = (
        f"{cpus} CPU{'s' if cpus > 1 else ''}, "
        f"{watches} breakpoint{'s' if watches > 1 else ''}, {recipe.variant.base}"
    )
    return Scenario(
        slug=shipped.id,
        title=shipped.title,
        summary=shipped.summary,
        text=shipped.text,
        words=words,
        recipe=recipe.to_json(),
        images=tuple(_image(shipped, ref) for ref in recipe.images),
    )


def _image(shipped: Shipped, ref: ImageRef) -> ScenarioImage:
    data = shipped.images[ref.sha256]
    if ref.format is ImageFormat.flat:
        table = dict(ref.symbols)
    else:
        table = dict(load_elf(data).addresses)
    return ScenarioImage(
        sha256=ref.sha256,
        data=data,
        format=str(ref.format),
        load="" if ref.load is None else hex(ref.load),
        symbols={name: hex(address) for name, address in table.items()},
        source=shipped.sources.get(ref.name, ""),
    )
