"""The recipe: an immutable, content-addressed description of a run (docs/recipe.md)."""

from emulator.recipe.canonical import canonical_bytes, recipe_id
from emulator.recipe.model import (
    Breakpoint,
    BreakpointType,
    ImageFormat,
    ImageRef,
    Limits,
    Machine,
    Mode,
    Owner,
    Profiles,
    Recipe,
    Schedule,
    Task,
    VariantChoice,
)
from emulator.recipe.parse import SCHEMA_PATH, parse
from emulator.recipe.symbols import resolve

__all__ = [
    "SCHEMA_PATH",
    "Breakpoint",
    "BreakpointType",
    "ImageFormat",
    "ImageRef",
    "Limits",
    "Machine",
    "Mode",
    "Owner",
    "Profiles",
    "Recipe",
    "Schedule",
    "Task",
    "VariantChoice",
    "canonical_bytes",
    "parse",
    "recipe_id",
    "resolve",
]
