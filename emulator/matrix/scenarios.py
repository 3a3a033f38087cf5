"""The rows of the matrix as recipes: table.toml over two small programs."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from emulator.programs import load_elf
from emulator.recipe import Recipe, parse

FOLDER = Path(__file__).parent
#: The word of a run in which the question does not arise.
NOT_APPLICABLE = "na"
_NAMES = ("kgt", "user")
_LIMITS = {
    "instructions": 200_000,
    "events": 20_000,
    "memory": 16 << 20,
    "wall_ms": 20_000,
    "output": 4096,
}
#: Room for kernel threads, the program and their tables.
_MEMORY = 8 << 20


@dataclass(frozen=True, slots=True)
class MatrixScenario:
    """One row: a recipe on the default variant, and how its answer is read."""

    id: str
    title: str
    question: str
    recipe: Recipe
    measure: Mapping[str, Any]
    holds: tuple[str, ...]
    """Words that are right."""
    caution: tuple[str, ...]
    """Words that say: works, but wrong in kind."""
    places: Mapping[str, int]
    """Addresses that the measure names."""

    def severity(self, word: str) -> str:
        """``holds``, ``caution``, ``fault``, or ``na`` where the question does not
        arise."""
        if word == NOT_APPLICABLE:
            return word
        if word in self.holds:
            return "holds"
        return "caution" if word in self.caution else "fault"


@cache
def matrix_images() -> Mapping[str, bytes]:
    """The images of all rows by SHA-256."""
    return dict(_images().values())


@cache
def matrix_sources() -> Mapping[str, str]:
    """The assembly behind the images by SHA-256."""
    return {
        sha256: (FOLDER / f"{name}.s").read_text(encoding="utf-8")
        for name, (sha256, _) in _images().items()
    }


@cache
def matrix_scenarios() -> Mapping[str, MatrixScenario]:
    """All rows in their order."""
    table = tomllib.loads((FOLDER / "table.toml").read_text(encoding="utf-8"))
    template = table.pop("template")
    return {name: _scenario(name, template | row) for name, row in table.items()}


@cache
def _images() -> Mapping[str, tuple[str, bytes]]:
    found = {}
    for name in _NAMES:
        data = (FOLDER / f"{name}.elf").read_bytes()
        found[name] = (hashlib.sha256(data).hexdigest(), data)
    return found


def _scenario(name: str, row: Mapping[str, Any]) -> MatrixScenario:
    recipe = parse(_document(row))
    return MatrixScenario(
        id=name,
        title=row["title"],
        question=row["question"],
        recipe=recipe,
        measure=row["measure"],
        holds=tuple(row["holds"]),
        caution=tuple(row.get("caution", ())),
        places=_places(row["measure"]),
    )


def _places(measure: Mapping[str, Any]) -> Mapping[str, int]:
    names = [measure["place"]] if "place" in measure else []
    symbols = load_elf(_images()["kgt"][1]).addresses
    return {name: symbols[name] for name in names}


def _document(row: Mapping[str, Any]) -> dict[str, Any]:
    tasks = [
        {"name": "main", "image": "kgt", "mode": "kernel", "entry": row["entry"]},
        {"name": "other", "image": "kgt", "mode": "kernel", "entry": "spin", "cpu": 1},
    ]
    if row.get("program"):
        tasks.append({"name": "program", "image": "user"})
    packets = [
        {"at": {"stop": number}, "do": "packet", "data": packet}
        for number, packets in enumerate(row["stops"], start=1)
        for packet in packets
    ]
    return {
        "format": 1,
        "machine": {"cpus": 2, "memory": _MEMORY},
        "images": [
            {"name": name, "sha256": _images()[name][0], "format": "elf64"}
            for name in _NAMES
        ],
        "tasks": tasks,
        "kgdb": {},
        "breakpoints": row["breakpoints"],
        "script": packets + row.get("script", []),
        "schedule": {"quantum": 100},
        "limits": _LIMITS,
    }
