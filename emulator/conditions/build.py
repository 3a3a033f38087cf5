"""The conditions of a recipe, with addresses for their symbols."""

from __future__ import annotations

from emulator.conditions.hits import HitConditions
from emulator.conditions.tally import Tally
from emulator.expression import Expression
from emulator.kgdb.debug_core import DebugCore
from emulator.loading import Places
from emulator.processors import Processors
from emulator.recipe import Breakpoint, Owner, Recipe, bind_condition


def conditions_of(
    recipe: Recipe, places: Places, processors: Processors, kgdb: DebugCore | None
) -> HitConditions | None:
    """None where every hit of every breakpoint is wanted. RecipeError: a symbol that the
    images do not have."""
    selective = {n: bp for n, bp in enumerate(recipe.breakpoints) if bp.is_selective}
    if not selective:
        return None
    tallies = {
        index: Tally(_bound(places, bp, index), bp.ignore, bp.limit)
        for index, bp in selective.items()
    }
    tracers = {
        (recipe.task(bp.task or "").pid, bp.slot or 0): index
        for index, bp in enumerate(recipe.breakpoints)
        if bp.owner is Owner.ptrace
    }
    table = None if kgdb is None else kgdb.hw.table
    return HitConditions(tallies, tracers, processors, table)


def _bound(places: Places, bp: Breakpoint, index: int) -> Expression | None:
    if bp.condition is None:
        return None
    field = f"breakpoints[{index}].condition"
    return bind_condition(bp.condition, places.symbols(bp.task), field=field)
