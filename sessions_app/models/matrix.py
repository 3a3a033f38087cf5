"""MatrixCell: one word of the behaviour matrix, as one build of the emulator says it."""

from __future__ import annotations

from django.db import models


class MatrixCell(models.Model):
    """Computed once; immutable."""

    row = models.CharField(max_length=16)
    column = models.CharField(max_length=80)
    """A variant's id, or that and a hash of the switches that differ from it."""
    emulator = models.CharField(max_length=60)
    """emulator.build.build_id."""
    word = models.CharField(max_length=40)
    recipe_id = models.CharField(max_length=64)
    """The recipe need not be stored: whoever opens the cell's run stores it."""
    digest = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["emulator", "column", "row"], name="matrix_cell_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.row} on {self.column}: {self.word}"
