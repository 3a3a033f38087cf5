"""What a subject says: ``Re: [PATCH RFC v3 2/4 net-next] title``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REPLY = re.compile(r"^\s*(?:re|aw|sv|antw|fwd?)(?:\[\d+\])?\s*:\s*", re.IGNORECASE)
_BRACKETS = re.compile(r"^\s*\[([^\[\]]*)\]\s*")
_VERSION = re.compile(r"^v(\d{1,3})$", re.IGNORECASE)
_GLUED = re.compile(r"^(patch|rfc)v(\d{1,3})$", re.IGNORECASE)
_PART = re.compile(r"^(\d{1,4})/(\d{1,4})$")


@dataclass(frozen=True, slots=True)
class Subject:
    """number and total are 0 where they are not said."""

    title: str
    is_reply: bool = False
    is_patch: bool = False
    version: int = 1
    number: int = 0
    total: int = 0
    rfc: bool = False
    resend: bool = False
    tags: tuple[str, ...] = ()
    """Other words in the brackets: trees, as in net-next."""

    @property
    def is_cover(self) -> bool:
        """0/n."""
        return self.is_patch and self.number == 0 and self.total > 0


def parse_subject(text: str) -> Subject:
    """Never fails."""
    rest, replies = _without_replies(text)
    words: list[str] = []
    while found := _BRACKETS.match(rest):
        words += found[1].replace(",", " ").split()
        rest = rest[found.end() :]
        inner, again = _without_replies(rest)
        rest, replies = inner, replies or again
    return _from_words(words, " ".join(rest.split()), replies)


def _without_replies(text: str) -> tuple[str, bool]:
    found = False
    while match := _REPLY.match(text):
        text, found = text[match.end() :], True
    return text, found


def _from_words(words: list[str], title: str, is_reply: bool) -> Subject:
    version, number, total = 1, 0, 0
    is_patch = rfc = resend = False
    tags: list[str] = []
    for word in words:
        lower = word.lower()
        glued = _GLUED.match(word)
        part, numbered = _PART.match(word), _VERSION.match(word)
        if glued is not None:
            version = int(glued[2])
            is_patch, rfc = True, rfc or glued[1].lower() == "rfc"
        elif lower == "patch":
            is_patch = True
        elif lower == "rfc":
            rfc = True
        elif lower == "resend":
            resend = True
        elif numbered is not None:
            version = int(numbered[1])
        elif part is not None and int(part[1]) <= int(part[2]):
            number, total = int(part[1]), int(part[2])
        else:
            tags.append(word)
    # [RFC 1/2] is a patch although nobody says so.
    is_patch = is_patch or (rfc and total > 0)
    return Subject(
        title, is_reply, is_patch, version, number, total, rfc, resend, tuple(tags)
    )
