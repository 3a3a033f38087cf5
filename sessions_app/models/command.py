"""RunCommand: one line of what a debugger did to a run (docs/debugging.md)."""

from __future__ import annotations

from typing import Any

from django.db import models

from sessions_app.models.run import Run


class RunCommand(models.Model):
    """A message and the position at which it acts; written soon after. Played back
    at the same positions, all lines of a run make the same run."""

    class Do(models.TextChoices):
        OPEN = "open"
        DATA = "data"
        CLOSE = "close"
        PARK = "park"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="commands")
    epoch = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    """From 1, without gaps inside an epoch."""
    cpu = models.PositiveSmallIntegerField()
    retired = models.PositiveBigIntegerField()
    seq = models.PositiveBigIntegerField()
    """The event after which it acts."""
    do = models.CharField(max_length=5, choices=Do.choices)
    who = models.CharField(max_length=200, blank=True)
    face = models.CharField(max_length=8, blank=True)
    data = models.BinaryField(default=b"")

    class Meta:
        ordering = ["run", "epoch", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "epoch", "number"], name="command_number_in_epoch"
            )
        ]

    def __str__(self) -> str:
        return f"{self.do} {self.number} of {self.run_id}"

    def to_line(self) -> dict[str, Any]:
        """As the child logged it and takes it back."""
        line: dict[str, Any] = {
            "cpu": self.cpu,
            "retired": self.retired,
            "seq": self.seq,
            "do": self.do,
        }
        if self.do == self.Do.OPEN:
            line |= {"who": self.who, "face": self.face}
        elif self.do == self.Do.DATA:
            line["data"] = bytes(self.data).hex()
        return line
