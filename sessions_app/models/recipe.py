"""Images and recipes: immutable, known by the SHA-256 of their bytes."""

from __future__ import annotations

from typing import Any

from django.db import models


class Image(models.Model):
    """Program bytes as they are loaded. The assembly beside them is for reading only."""

    class Kind(models.TextChoices):
        ELF64 = "elf64"
        FLAT = "flat"

    sha256 = models.CharField(primary_key=True, max_length=64)
    data = models.BinaryField()
    size = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.ELF64)
    name = models.CharField(max_length=200, blank=True)
    source = models.TextField(blank=True)
    symbols: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    """Name to "0x…"."""
    load = models.CharField(max_length=18, blank=True)
    """Load address of a flat image as "0x…"."""
    entry = models.CharField(max_length=200, blank=True, default="_start")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name or 'image'} {self.sha256[:12]}"


class StoredRecipe(models.Model):
    """A canonical recipe under its hash."""

    id = models.CharField(primary_key=True, max_length=64)
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.id[:12]
