"""MachinePart: what of a machine a remark is pinned to, beside the moment."""

from __future__ import annotations

from django.db import models

from sessions_app.models.fields import AddressField

#: Snapshots of a hit, in words.
MOMENTS = {
    "entry": "at entry",
    "stub": "in stub",
    "leave": "leaving stub",
    "iret": "after IRET",
    "end": "at the end",
}


class MachinePart(models.Model):
    """A register or one bit of it, bytes of memory, or a slot; or none of these. Rules:
    sessions_app/parts.py."""

    register = models.CharField(max_length=16, blank=True)
    bit = models.PositiveSmallIntegerField(null=True, blank=True)
    address = AddressField(null=True, blank=True)
    length = models.PositiveIntegerField(null=True, blank=True)
    """Bytes from address on."""
    cpu = models.PositiveSmallIntegerField(null=True, blank=True)
    slot = models.PositiveSmallIntegerField(null=True, blank=True)

    moment = models.CharField(max_length=8, blank=True)
    """Which snapshot of the hit was looked at; empty: the last one."""

    class Meta:
        abstract = True
