"""Shipped scenarios: a recipe, its images, the assembly behind them, and what to learn."""

from emulator.scenarios.library import Scenario, list_scenarios, load, scenario_ids

__all__ = ["Scenario", "list_scenarios", "load", "scenario_ids"]
