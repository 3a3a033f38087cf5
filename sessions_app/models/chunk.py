"""EventChunk: up to 4096 consecutive events of a run, compressed by column."""

from __future__ import annotations

from django.db import models

from sessions_app.models.fields import AddressField
from sessions_app.models.run import Run


class EventChunk(models.Model):
    """Immutable. The statistics let a filter skip the chunk without decoding it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks")
    epoch = models.PositiveIntegerField()
    first_seq = models.PositiveBigIntegerField()
    n = models.PositiveIntegerField()
    hits_before = models.PositiveBigIntegerField()
    hits = models.PositiveIntegerField()
    t0 = models.PositiveBigIntegerField()
    t1 = models.PositiveBigIntegerField()
    cpu_mask = models.PositiveIntegerField()
    kind_mask = models.PositiveBigIntegerField()
    # Of hits only: other kinds use addr and slot for something else.
    slot_mask = models.PositiveIntegerField()
    rip_min = AddressField()
    rip_max = AddressField()
    addr_min = AddressField()
    addr_max = AddressField()
    snapshots = models.PositiveIntegerField(default=0)
    texts = models.BooleanField(default=False)
    """Whether there is a side block."""
    size = models.PositiveIntegerField(default=0)
    """Bytes of all its blocks (sessions_app.chunkstore)."""
    codec_version = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["first_seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "epoch", "first_seq"], name="chunk_place_in_run"
            )
        ]
        indexes = [models.Index(fields=["run", "epoch", "hits_before"])]

    def __str__(self) -> str:
        return f"events {self.first_seq}..{self.last_seq} of {self.run_id}"

    @property
    def last_seq(self) -> int:
        """Number of the last event."""
        return self.first_seq + self.n - 1
