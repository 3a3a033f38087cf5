"""What a remark said before, beside what came instead. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from sessions_app.models import Annotation, EarlierText, ReviewRemark

#: Changes that a page draws; over REST there are all.
SHOWN = 20
_TOKEN = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words; kind: ``same``, ``del`` or ``ins``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: when, and what of the words it changed."""

    when: datetime
    pieces: tuple[Piece, ...]


def edits_of(remark: Annotation | ReviewRemark) -> list[Edit]:
    """The changes of a remark, the latest first, at most SHOWN."""
    earlier = list(remark.earlier.all())
    if not earlier:
        return []
    later = [each.body for each in earlier[1:]] + [remark.body]
    pairs = list(zip(earlier, later, strict=True))[-SHOWN:]
    return [_edit(text, after) for text, after in reversed(pairs)]


def _edit(text: EarlierText, after: str) -> Edit:
    return Edit(text.replaced_at, tuple(difference(text.body, after)))


def difference(before: str, after: str) -> Iterator[Piece]:
    """Word by word."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    for kind, i, j, k, n in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(old[i:j]))
            continue
        if i < j:
            yield Piece("del", "".join(old[i:j]))
        if k < n:
            yield Piece("ins", "".join(new[k:n]))
