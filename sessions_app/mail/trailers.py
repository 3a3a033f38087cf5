"""Trailers at the end of a message: Reviewed-by, Fixes, Link … (git-interpret-trailers)."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: In the spelling that is shown.
KNOWN = (
    "Reviewed-by",
    "Acked-by",
    "Tested-by",
    "Nacked-by",
    "Reported-by",
    "Suggested-by",
    "Co-developed-by",
    "Signed-off-by",
    "Fixes",
    "Link",
    "Closes",
    "Cc",
    "Change-Id",
)
#: What answers to a patch add to it.
GIVEN = ("Reviewed-by", "Acked-by", "Tested-by", "Nacked-by")
_SPELLING = {name.lower(): name for name in KNOWN}
_LINE = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40}):\s+(\S.*)$")
_MAX = 200


@dataclass(frozen=True, slots=True)
class Trailer:
    """One line."""

    name: str
    value: str


def find_trailers(text: str) -> list[Trailer]:
    """Lines that are known trailers, quoted ones left out. In replies they stand
    anywhere."""
    found: list[Trailer] = []
    for line in text.split("\n"):
        match = _LINE.match(line.rstrip()[:1000])
        name = _SPELLING.get(match[1].lower()) if match else None
        if match and name and len(found) < _MAX:
            trailer = Trailer(name, match[2])
            if trailer not in found:
                found.append(trailer)
    return found
