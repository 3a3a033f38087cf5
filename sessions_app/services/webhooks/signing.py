"""Signatures in the manner of Standard Webhooks 1.0, so that receivers verify them with
the libraries that there are."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from django.utils.crypto import salted_hmac

PREFIX = "whsec_"
_SALT = "sessions_app.webhook"


def webhook_secret(webhook_id: UUID) -> str:
    """What the receiver keeps: ``whsec_`` and base64 of 32 bytes. Made of SECRET_KEY: the
    database alone signs nothing, and another SECRET_KEY makes another secret."""
    key = salted_hmac(_SALT, str(webhook_id), algorithm="sha256").digest()
    return PREFIX + base64.b64encode(key).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and base64 of HMAC-SHA256 over id, time in seconds and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
