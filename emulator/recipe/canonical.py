"""RFC 8785 bytes of a recipe and its id, the SHA-256 of them."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical_bytes(value: dict[str, Any]) -> bytes:
    """The one byte form of this JSON value (RFC 8785)."""
    return rfc8785.dumps(value)


def recipe_id(canonical: bytes) -> str:
    """The id of the recipe with these canonical bytes: 64 hex digits."""
    return hashlib.sha256(canonical).hexdigest()
