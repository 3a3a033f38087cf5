"""Symbols of a run's programs, with size and type, to choose a breakpoint from."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sessions_app.errors import JobFailed
from sessions_app.models import Image, Run, StoredRecipe
from sessions_app.services.images import image_symbols, stored_symbols

logger = logging.getLogger(__name__)

#: Rows of one page of the picker.
SHOWN = 200
_LENGTHS = (8, 4, 2, 1)
_Table = dict[str, tuple[str, int, str]]
_KINDS = {"object": "data", "func": "code"}


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name of a program."""

    name: str
    address: int
    size: int
    kind: str
    """``data``, ``code``, or empty where the program does not say."""

    @property
    def type(self) -> str:
        """The breakpoint that one wants there."""
        return "execute" if self.kind == "code" else "write"

    @property
    def length(self) -> int:
        """The longest one that fits size and alignment; 1 for code."""
        if self.kind == "code":
            return 1
        room = self.size or 8
        return next(n for n in _LENGTHS if n <= room and self.address % n == 0)

    @property
    def size_words(self) -> str:
        """The size in bytes; empty where the program does not say."""
        return str(self.size) if self.size else ""


def run_symbols(run: Run) -> tuple[Symbol, ...]:
    """All of them, in the order of their addresses. Without a worker that reads the
    programs they have neither sizes nor types."""
    try:
        return _symbols(run.recipe_id)
    except JobFailed as error:
        logger.warning("symbols without their sizes: %s", error)
        return _listed(run.recipe_id, stored_symbols)


def image_table(image: Image) -> tuple[Symbol, ...]:
    """The same of one program."""
    try:
        return _sorted(image_symbols(image))
    except JobFailed as error:
        logger.warning("symbols without their sizes: %s", error)
        return _sorted(stored_symbols(image))


@lru_cache(maxsize=32)
def _symbols(recipe_id: str) -> tuple[Symbol, ...]:
    return _listed(recipe_id, image_symbols)


def _listed(recipe_id: str, read: Callable[[Image], _Table]) -> tuple[Symbol, ...]:
    refs = json.loads(StoredRecipe.objects.get(pk=recipe_id).body)["images"]
    stored = Image.objects.in_bulk([ref["sha256"] for ref in refs])
    table: _Table = {}
    for ref in refs:
        image = stored.get(ref["sha256"])
        table |= read(image) if image is not None else {}
        table |= {name: (at, 0, "") for name, at in ref.get("symbols", {}).items()}
    return _sorted(table)


def _sorted(table: _Table) -> tuple[Symbol, ...]:
    found = [
        Symbol(name, int(address, 16), size, _KINDS.get(kind, ""))
        for name, (address, size, kind) in table.items()
    ]
    return tuple(sorted(found, key=lambda symbol: (symbol.address, symbol.name)))


def matching(symbols: Iterable[Symbol], text: str, kind: str = "") -> Sequence[Symbol]:
    """Those with a text in their name, and of a kind."""
    wanted = text.strip().lower()
    return [
        symbol
        for symbol in symbols
        if wanted in symbol.name.lower() and (not kind or symbol.kind == kind)
    ]
