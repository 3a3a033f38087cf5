"""Recorded events in the formats of other tools; pure functions of blocks (docs/export.md)."""
