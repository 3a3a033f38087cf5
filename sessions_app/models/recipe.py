"""Images and recipes: immutable, known by the SHA-256 of their bytes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
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
    lines: models.JSONField[Any, dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )
    """Of its DWARF tables: files, and rows of address "0x…", file, line."""
    load = models.CharField(max_length=18, blank=True)
    """Load address of a flat image as "0x…"."""
    entry = models.CharField(max_length=200, blank=True, default="_start")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name or 'image'} {self.sha256[:12]}"


class BroughtImage(models.Model):
    """Somebody brought the bytes of an image: each who did is charged for them."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="brought")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="brought"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "image"], name="image_once_of_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.image_id[:12]} of {self.user_id}"


class StoredRecipe(models.Model):
    """A canonical recipe under its hash."""

    id = models.CharField(primary_key=True, max_length=64)
    body = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.id[:12]
