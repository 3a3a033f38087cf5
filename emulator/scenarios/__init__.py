"""Shipped scenarios: a recipe, its images, the assembly behind them, and what to learn."""

from emulator.scenarios.library import Scenario, list_scenarios, load, scenario_ids
from emulator.scenarios.versions import BUGGY, FIXED, Version

__all__ = [
    "BUGGY",
    "FIXED",
    "Scenario",
    "Version",
    "list_scenarios",
    "load",
    "scenario_ids",
]
