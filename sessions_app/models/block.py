"""StoredBlock: bytes of a chunk by key, where the database is the chunk store."""

from __future__ import annotations

from django.db import models


class StoredBlock(models.Model):
    """Written and read by sessions_app.chunkstore.database only."""

    key = models.CharField(primary_key=True, max_length=120)
    data = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key
