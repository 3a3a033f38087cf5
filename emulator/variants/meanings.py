"""What each switch asks, read off the source of switches.py, so that it is said once.

A field's docstring is its meaning; where an enumeration says it all, the enumeration's.
Comments between the fields head the sections.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import get_type_hints

from emulator.variants.switches import Switches

_SOURCE = Path(__file__).with_name("switches.py")
_HINTS: Mapping[str, type] = get_type_hints(Switches)


@dataclass(frozen=True, slots=True)
class SwitchMeaning:
    """One switch in words."""

    name: str
    section: str
    """What of the kernel it belongs to, with the Linux file."""
    meaning: str
    kind: str
    """``bool``, ``int`` or ``choice``."""
    choices: Mapping[str, str]
    """Of a choice: each value and what it means (may be empty)."""


@cache
def switch_meanings() -> tuple[SwitchMeaning, ...]:
    """All switches in the order of the table."""
    text = _SOURCE.read_text(encoding="utf-8")
    sections = _sections(text)
    docs = {cls.name: _docs(cls) for cls in _classes(text)}
    return tuple(
        _meaning(name, line, sections, docs) for name, line in _fields(text).items()
    )


def _classes(text: str) -> list[ast.ClassDef]:
    return [n for n in ast.parse(text).body if isinstance(n, ast.ClassDef)]


def _fields(text: str) -> dict[str, int]:
    """Fields of Switches and the lines that they stand in."""
    own = next(c for c in _classes(text) if c.name == Switches.__name__)
    return {
        node.target.id: node.lineno
        for node in own.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def _sections(text: str) -> dict[int, str]:
    """Comments of a whole line inside the class, by line."""
    return {
        number: line.strip().removeprefix("# ").rstrip(".")
        for number, line in enumerate(text.splitlines(), start=1)
        if line.startswith("    # ")
    }


def _docs(cls: ast.ClassDef) -> dict[str, str]:
    """Docstrings of a class and of its members; the class under an empty name."""
    found = {"": _flat(ast.get_docstring(cls) or "")}
    for node, after in zip(cls.body, cls.body[1:], strict=False):
        target = _target(node)
        said = after.value if isinstance(after, ast.Expr) else None
        if target and isinstance(said, ast.Constant) and isinstance(said.value, str):
            found[target] = _flat(inspect.cleandoc(said.value))
    return found


def _target(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign):
        target: ast.expr = node.targets[0]
    elif isinstance(node, ast.AnnAssign):
        target = node.target
    else:
        return ""
    return target.id if isinstance(target, ast.Name) else ""


def _flat(text: str) -> str:
    return " ".join(text.split())


def _meaning(
    name: str,
    line: int,
    sections: Mapping[int, str],
    docs: Mapping[str, Mapping[str, str]],
) -> SwitchMeaning:
    kind = _HINTS[name]
    choices: dict[str, str] = {}
    if issubclass(kind, StrEnum):
        of_class = docs[kind.__name__]
        choices = {m.value: of_class.get(m.name, "") for m in kind}
    own = docs[Switches.__name__].get(name)
    return SwitchMeaning(
        name=name,
        section=sections[max(n for n in sections if n < line)],
        meaning=own or docs.get(kind.__name__, {}).get("", ""),
        kind="choice" if choices else kind.__name__,
        choices=choices,
    )
