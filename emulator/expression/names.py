"""The names that have a meaning of their own: registers, parts of them, facts of a hit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.snapshot import DEBUG, GENERAL, SHADOW

#: What is asked with Environment.fact.
FACTS = ("value", "old", "cpu", "task", "hits")
#: Reads of memory: bits and whether the sign is kept.
ACCESSES: Mapping[str, tuple[int, bool]] = {
    f"{letter}{bits}": (bits, letter == "i")
    for letter in "ui"
    for bits in (8, 16, 32, 64)
}
#: To an assembler the lower 16 bits, to gdb the whole: nobody could tell what was meant.
AMBIGUOUS: Mapping[str, str] = {"sp": "rsp"}


@dataclass(frozen=True, slots=True)
class Part:
    """Some bits of a word of the snapshot."""

    word: str
    shift: int = 0
    bits: int = 64


#: RFLAGS by bit, SDM vol. 1, 3.4.3.
_FLAGS = {
    "cf": 0,
    "pf": 2,
    "af": 4,
    "zf": 6,
    "sf": 7,
    "tf": 8,
    "if": 9,
    "df": 10,
    "of": 11,
    "nt": 14,
    "rf": 16,
    "vm": 17,
    "ac": 18,
    "vif": 19,
    "vip": 20,
    "id": 21,
}
_LETTERS = ("a", "b", "c", "d")
_NAMED = ("si", "di", "bp")


def _parts() -> dict[str, Part]:
    whole = [*GENERAL, "fs_base", "gs_base", "cr3", *DEBUG, *SHADOW]
    found = {name: Part(name) for name in whole}
    found |= {"pc": Part("rip"), "eflags": Part("rflags", 0, 32)}
    for place, name in enumerate(("cs", "ss", "ds", "es")):
        found[name] = Part("selectors", 16 * place, 16)
    for letter in _LETTERS:
        word = f"r{letter}x"
        found[f"e{letter}x"] = Part(word, 0, 32)
        found[f"{letter}x"] = Part(word, 0, 16)
        found[f"{letter}l"], found[f"{letter}h"] = Part(word, 0, 8), Part(word, 8, 8)
    for name in _NAMED:
        found[f"e{name}"] = Part(f"r{name}", 0, 32)
        found[name] = Part(f"r{name}", 0, 16)
        found[f"{name}l"] = Part(f"r{name}", 0, 8)
    found |= {"esp": Part("rsp", 0, 32), "spl": Part("rsp", 0, 8)}
    for number in range(8, 16):
        for letter, bits in (("d", 32), ("w", 16), ("b", 8)):
            found[f"r{number}{letter}"] = Part(f"r{number}", 0, bits)
    found |= {name: Part("rflags", bit, 1) for name, bit in _FLAGS.items()}
    found["iopl"] = Part("rflags", 12, 2)
    return found


#: All registers and parts, by name.
PARTS: Mapping[str, Part] = _parts()
