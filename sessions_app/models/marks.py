"""RunMarks: what a timeline draws of a finished run, a second time and in few rows."""

from __future__ import annotations

from django.db import models

from sessions_app.models.run import Run


class RunMarks(models.Model):
    """A block of marks (emulator.trace.marks). Follows from the run's chunks: it may be
    thrown away and made again, and while a run goes on there is none."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="marks")
    epoch = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    """Place among the run's blocks, from 0."""
    blocks = models.PositiveIntegerField()
    """How many blocks the run has: fewer rows than that are not the whole."""
    last_seq = models.PositiveBigIntegerField()
    """Events up to this one were looked at."""
    hits_before = models.PositiveBigIntegerField()
    lanes = models.BinaryField()
    rest = models.BinaryField()
    codec_version = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "epoch", "number"], name="marks_place_in_run"
            )
        ]

    def __str__(self) -> str:
        return f"marks {self.number} of {self.run_id}"
