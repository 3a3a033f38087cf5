"""The recipe: an immutable, content-addressed description of a run (docs/recipe.md)."""

from emulator.recipe.canonical import canonical_bytes, recipe_id
from emulator.recipe.derive import derive
from emulator.recipe.model import (
    Breakpoint,
    BreakpointType,
    Checks,
    ImageFormat,
    ImageRef,
    Kgdb,
    Limits,
    Machine,
    Mode,
    Notifier,
    Owner,
    Profiles,
    Recipe,
    Schedule,
    Task,
    VariantChoice,
)
from emulator.recipe.parse import SCHEMA_PATH, parse
from emulator.recipe.script import At, Do, Entry
from emulator.recipe.script import Moment as ScriptMoment
from emulator.recipe.symbols import address_of, bind_condition, resolve

__all__ = [
    "SCHEMA_PATH",
    "At",
    "Breakpoint",
    "BreakpointType",
    "Checks",
    "Do",
    "Entry",
    "ImageFormat",
    "ImageRef",
    "Kgdb",
    "Limits",
    "Machine",
    "Mode",
    "Notifier",
    "Owner",
    "Profiles",
    "Recipe",
    "Schedule",
    "ScriptMoment",
    "Task",
    "VariantChoice",
    "address_of",
    "bind_condition",
    "canonical_bytes",
    "derive",
    "parse",
    "recipe_id",
    "resolve",
]
