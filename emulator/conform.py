"""Replays what was recorded on a real CPU under a real Linux, and compares all of it.

A vector was recorded through ptrace or perf (docs/conformance.md); it is replayed on the
modelled kernel over the emulated machine (emulator.conform_replay).
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emulator.conform_compare import difference, stops_recorded
from emulator.conform_replay import Replay
from emulator.errors import EmulatorError

Vector = Mapping[str, Any]

#: What a vector must have before anything is replayed.
_MEMBERS = frozenset(
    ("name", "category", "mode", "tags", "code", "regs", "rflags", "data")
    + ("xmm", "seq", "clear_dr6", "actions", "native")
)

#: Why a vector cannot be replayed; docs/conformance.md names each.
_NOT_APPLICABLE_TAGS = {
    "avx": "the engine has no AVX",
    "btf": "DEBUGCTL.BTF as the kernel programs it",
}
#: Instructions that the modelled CPU does not have, and says so in CPUID.
_NOT_IN_MODEL = {"movbe": "the modelled CPU has no MOVBE"}


class BadRecording(EmulatorError):
    """The file holds no vectors that could be replayed."""

    code = "bad_recording"


def not_applicable(vector: Vector) -> str | None:
    """The reason, or None when the vector is to be replayed."""
    reason = None
    for tag in vector["tags"]:
        reason = reason or _NOT_APPLICABLE_TAGS.get(tag)
    for mnemonic, missing in _NOT_IN_MODEL.items():
        if re.search(rf"\b{mnemonic}\b", vector.get("asm", "")):
            reason = reason or missing
    return reason


def deviation(vector: Vector) -> str | None:
    """Replay one vector: None when all that was recorded agrees, else what differs."""
    return difference(vector, Replay(vector).run(limit=stops_recorded(vector) + 1))


def load_vectors(path: Path) -> list[dict[str, Any]]:
    """The vectors of a recording, plain or .xz. Raises BadRecording."""
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as stream:
            content = json.load(stream)
    except (OSError, ValueError, EOFError, lzma.LZMAError, RecursionError) as error:
        raise BadRecording(f"{path}: {error}") from error
    vectors = content.get("vectors") if isinstance(content, dict) else None
    if not isinstance(vectors, list):
        raise BadRecording(f"{path}: no list of vectors")
    for index, vector in enumerate(vectors):
        if not isinstance(vector, dict) or not vector.keys() >= _MEMBERS:
            raise BadRecording(f"{path}: vectors[{index}] lacks members")
    return vectors


def main(arguments: Sequence[str]) -> int:
    """`conform VECTORS.json`. Exit status 0: replayed; 2: bad arguments or file."""
    parser = argparse.ArgumentParser(prog="python -m emulator conform")
    parser.add_argument("vectors", type=Path, metavar="VECTORS.json")
    parser.add_argument("--category", action="append", metavar="C")
    parser.add_argument("--name", action="append", metavar="N")
    parser.add_argument("--list-deviations", action="store_true")
    chosen = parser.parse_args(arguments)
    try:
        _replay(chosen)
    except BadRecording as error:
        sys.stderr.write(f"conform: {error.detail}\n")
        return 2
    return 0


def _replay(chosen: argparse.Namespace) -> None:
    agree = total = skipped = 0
    for vector in load_vectors(chosen.vectors):
        if chosen.category and vector["category"] not in chosen.category:
            continue
        if chosen.name and vector["name"] not in chosen.name:
            continue
        if not_applicable(vector):
            skipped += 1
            continue
        total += 1
        found = _deviation_of(vector)
        agree += found is None
        if found and chosen.list_deviations:
            sys.stdout.write(f"{vector['name']}: {found}\n")
    sys.stdout.write(f"agree {agree} of {total} ({skipped} not applicable)\n")


def _deviation_of(vector: Vector) -> str | None:
    try:
        return deviation(vector)
    except (KeyError, TypeError, ValueError, AttributeError, EmulatorError) as error:
        raise BadRecording(f"vector {vector['name']!r}: {error!r}") from error
