"""What a recipe says about a run: names, code bytes, breakpoints, limits.

A recipe is immutable and known by its hash, so this is computed once per process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sessions_app import trace
from sessions_app.models import Image, Run, StoredRecipe

_LETTERS = {"write": "W", "access": "RW", "execute": "X"}
_CACHED = 64


@dataclass(frozen=True, slots=True)
class Watch:
    """A breakpoint of the recipe."""

    index: int
    owner: str
    type: str
    length: int
    place: str
    address: int | None

    @property
    def letters(self) -> str:
        """``W4``, ``RW8``, ``X``."""
        size = "" if self.type == "execute" else str(self.length)
        return f"{_LETTERS.get(self.type, self.type)}{size}"

    @property
    def slot(self) -> int | None:
        """The slot it takes when all are free: in order, while they last."""
        return self.index if self.index < 4 else None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The recipe in the form that pages need."""

    variant: str
    """Its id, and what of it the recipe changes."""
    cpus: int
    limits: Mapping[str, int]
    breakpoints: tuple[Watch, ...]
    symbols: trace.Symbols
    table: Mapping[str, int]
    segments: tuple[trace.Segment, ...]
    source: str
    lines: trace.LineTable
    """Source lines, where a program has them."""
    kgdb: bool
    """Whether the kernel has kgdb: it sets breakpoints that the recipe does not list."""

    def name(self, address: int) -> str:
        """``tick+0x1f``, or the bare address."""
        return self.symbols.name(address) or f"{address:#x}"

    def place(self, address: int) -> str:
        """The name of a watched address: as the recipe calls it, if it does."""
        for watch in self.breakpoints:
            if watch.address == address:
                return watch.place
        return self.name(address)

    def letters(self, address: int, kind: str) -> str:
        """What the breakpoint at an address watches for."""
        for watch in self.breakpoints:
            if watch.address == address:
                return watch.letters
        return _LETTERS.get(kind, "RW" if "read" in kind else "")

    def length(self, address: int) -> int | None:
        """How many bytes the breakpoint at an address watches."""
        for watch in self.breakpoints:
            if watch.address == address:
                return watch.length
        return None


def _address(at: str, table: Mapping[str, int]) -> int | None:
    if at.startswith("0x"):
        return int(at, 16)
    name, _, offset = at.partition("+")
    if name not in table:
        return None
    return table[name] + (int(offset, 16) if offset else 0)


def _kernel(choice: Mapping[str, Any]) -> str:
    """The variant, and what the recipe changes of it: ``g-bare, rf_by = none``."""
    changes: Mapping[str, Any] = choice.get("set") or {}
    if len(changes) > 1:
        return f"{choice['base']} with {len(changes)} other switches"
    said = [f"{name} = {json.dumps(v)}" for name, v in changes.items()]
    return ", ".join([choice["base"], *said]).replace('"', "")


def _tidy(at: str) -> str:
    return at.removesuffix("+0x0")


def _image_table(ref: Mapping[str, Any], image: Image | None) -> dict[str, int]:
    named = ref.get("symbols") or (image.symbols if image else {})
    return {name: int(str(address), 16) for name, address in named.items()}


def _image_segments(ref: Mapping[str, Any], image: Image) -> list[trace.Segment]:
    data = bytes(image.data)
    if ref["format"] == "flat":
        return [trace.Segment(int(ref["load"], 16), data)]
    return trace.elf_segments(data)


def _image_lines(image: Image) -> list[tuple[int, str, int]]:
    files = image.lines.get("files", [])
    return [
        (int(address, 16), files[file], line)
        for address, file, line in image.lines.get("lines", [])
    ]


@lru_cache(maxsize=_CACHED)
def _facts(recipe_id: str) -> RunFacts:
    body = json.loads(StoredRecipe.objects.get(pk=recipe_id).body)
    stored = Image.objects.in_bulk([ref["sha256"] for ref in body["images"]])
    table: dict[str, int] = {}
    segments: list[trace.Segment] = []
    source = ""
    rows: list[tuple[int, str, int]] = []
    for ref in body["images"]:
        image = stored.get(ref["sha256"])
        table.update(_image_table(ref, image))
        if image is not None:
            segments += _image_segments(ref, image)
            source = source or image.source
            rows += _image_lines(image)
    watches = tuple(
        Watch(
            index,
            bp["owner"],
            bp["type"],
            int(bp["length"]),
            _tidy(bp["at"]),
            _address(bp["at"], table),
        )
        for index, bp in enumerate(body["breakpoints"])
    )
    return RunFacts(
        variant=_kernel(body["variant"]),
        cpus=int(body["machine"]["cpus"]),
        limits=body["limits"],
        breakpoints=watches,
        symbols=trace.Symbols(table),
        table=table,
        segments=tuple(segments),
        source=source,
        lines=trace.LineTable(rows),
        kgdb=body.get("kgdb") is not None,
    )


def run_facts(run: Run) -> RunFacts:
    """The facts of a run's recipe."""
    return _facts(run.recipe_id)
