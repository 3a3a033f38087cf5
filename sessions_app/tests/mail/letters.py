"""Messages as they are written."""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path


def _name(subject: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")


def letter(subject: str, body: str = "Hello.\n", **headers: str) -> bytes:
    """Headers with underscores for hyphens; a Message-ID of the subject if none is given."""
    given = {
        "From": "Alice <alice@example.org>",
        "Date": "Thu, 28 Jan 2010 15:04:32 -0500",
        "Message-ID": f"<{_name(subject)}@example.org>",
        "Subject": subject,
    }
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    made = EmailMessage()
    for name, value in given.items():
        made[name] = value
    made.set_content(body)
    return made.as_bytes()


def mbox(*messages: bytes) -> bytes:
    """mboxrd, as public-inbox gives it."""
    return b"".join(
        b"From mboxrd@z Thu Jan  1 00:00:00 1970\n"
        + message.replace(b"\nFrom ", b"\n>From ").rstrip(b"\n")
        + b"\n\n"
        for message in messages
    )


#: The body of a mail with a patch: words, trailers, notes, diff, signature.
PATCH = (Path(__file__).parent / "data" / "handler.patch").read_text(encoding="utf-8")
