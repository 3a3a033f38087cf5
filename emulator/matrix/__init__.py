"""Scenario by variant: one short run per cell, one word that says what it came to.

The rows are here; what runs them, and so loads the engine, is in emulator.matrix.cells.
"""

from emulator.matrix.scenarios import (
    MatrixScenario,
    matrix_images,
    matrix_scenarios,
    matrix_sources,
)

__all__ = ["MatrixScenario", "matrix_images", "matrix_scenarios", "matrix_sources"]
