"""The door to running: checked recipes, the shipped library, the child that emulates.

Nothing here imports the engine; it runs in a process of its own (ADR 0001).
"""

from sessions_app.runner.child import Child, ChildLimits
from sessions_app.runner.execute import (
    Batch,
    Control,
    Job,
    Listener,
    RunEnd,
    execute,
)
from sessions_app.runner.jobs import program_job
from sessions_app.runner.library import (
    Scenario,
    ScenarioImage,
    Variant,
    scenario,
    scenarios,
    variants,
)
from sessions_app.runner.recipes import CheckedRecipe, check_recipe, recipe_job

__all__ = [
    "Batch",
    "CheckedRecipe",
    "Child",
    "ChildLimits",
    "Control",
    "Job",
    "Listener",
    "RunEnd",
    "Scenario",
    "ScenarioImage",
    "Variant",
    "check_recipe",
    "execute",
    "program_job",
    "recipe_job",
    "scenario",
    "scenarios",
    "variants",
]
