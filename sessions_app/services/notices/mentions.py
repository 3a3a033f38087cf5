"""``@name`` in what people write: whom it may mean, and how it is marked.

Not in code (between backticks or fences, or indented by four) and not in addresses. A
name may hold ``.``, ``+``, ``-`` and ``@``; one at its end is punctuation if there is no
such account.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from django.contrib.auth.models import User
from django.db.models import QuerySet

#: Whom one remark can call; further names are words.
MAX_CALLED = 20
_FENCE = "```"
_CODE = re.compile(r"(`[^`\n]+`|https?://\S+)")
_INDENTED = re.compile(r"^(?: {4}|\t)")
_NAME = re.compile(r"(?<![\w.+/@-])@([\w.@+-]{1,150})")
_TAIL = ".+-@"


def names_in(text: str) -> list[str]:
    """Every name that the text may mean, the longest reading of each first."""
    found: dict[str, None] = {}
    calls = [m[1] for piece in _prose(text) for m in _NAME.finditer(piece)]
    for call in list(dict.fromkeys(calls))[:MAX_CALLED]:
        found.update(dict.fromkeys(_readings(call)))
    return list(found)


def called_in(text: str, readers: QuerySet[User]) -> list[User]:
    """Those of the readers whom the text calls."""
    names = names_in(text)
    if not names:
        return []
    known = {user.get_username(): user for user in readers.filter(username__in=names)}
    calls = [m[1] for piece in _prose(text) for m in _NAME.finditer(piece)]
    meant = dict.fromkeys(_meant(call, known) for call in calls)
    return [known[name] for name in meant if name]


def known_names(texts: Collection[str], readers: QuerySet[User]) -> frozenset[str]:
    """The names in these texts that readers have, with one query; none without names."""
    names = {name for text in texts for name in names_in(text)}
    if not names:
        return frozenset()
    found = readers.filter(username__in=names)
    return frozenset(found.values_list("username", flat=True))


def mark(piece: str, names: Collection[str], wrap: Callable[[str], str]) -> str:
    """A piece of escaped prose with the known names wrapped."""

    def marked(match: re.Match[str]) -> str:
        name = _meant(match[1], names)
        if not name:
            return match[0]
        return wrap(f"@{name}") + match[0][1 + len(name) :]

    return _NAME.sub(marked, piece)


def _meant(call: str, names: Collection[str]) -> str:
    return next((each for each in _readings(call) if each in names), "")


def _readings(call: str) -> Iterator[str]:
    yield call
    while call and call[-1] in _TAIL:
        call = call[:-1]
        if call:
            yield call


def pieces(text: str) -> Iterator[tuple[bool, str]]:
    """A line or paragraph in parts: whether one is prose, and its text."""
    for number, piece in enumerate(_CODE.split(text)):
        if piece:
            yield number % 2 == 0, piece


def _prose(text: str) -> Iterator[str]:
    for number, part in enumerate(text.split(_FENCE)):
        if number % 2:
            continue
        for line in part.split("\n"):
            if not _INDENTED.match(line):
                yield from (piece for prose, piece in pieces(line) if prose)
