"""Replays recorded vectors of a real CPU on the machine and compares stop by stop.

Each vector was recorded through ptrace (docs/conformance.md). Here a small debugger
stands where Linux and the tracer stood: it loads the debug registers as the recording
read them back, resumes or steps as the vector says, and notes what it sees at each stop.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from emulator.conform_debugger import Debugger, Event
from emulator.errors import EmulatorError

Vector = Mapping[str, Any]

#: What a vector must have before anything is replayed.
_MEMBERS = frozenset(
    ("name", "category", "mode", "tags", "code", "regs", "rflags", "data")
    + ("xmm", "seq", "clear_dr6", "actions", "native")
)

#: Why a vector says nothing about the debug unit; docs/conformance.md names each.
_NOT_APPLICABLE_MODES = {
    "api": "ptrace register interface of the kernel",
    "perf": "perf_event_open of the kernel",
}
_NOT_APPLICABLE_TAGS = {
    "avx": "the engine has no AVX",
    "syscall": "needs system calls of the kernel",
    "btf": "DEBUGCTL.BTF as the kernel programs it",
}
#: Instructions that the modelled CPU does not have, and says so in CPUID.
_NOT_IN_MODEL = {"movbe": "the modelled CPU has no MOVBE"}
#: AF is undefined after these (SDM vol. 2); the recording does not mark that.
_SHIFTS = re.compile(r"\b(sh[lr]d?|sa[lr])\b")
_AF = 0x10
#: Arithmetic flags that some instructions leave undefined: CF PF AF ZF SF OF.
_ARITHMETIC = 0x8D5


class BadRecording(EmulatorError):
    """The file holds no vectors that could be replayed."""

    code = "bad_recording"


def not_applicable(vector: Vector) -> str | None:
    """The reason, or None when the vector is to be replayed."""
    reason = _NOT_APPLICABLE_MODES.get(vector["mode"])
    for tag in vector["tags"]:
        reason = reason or _NOT_APPLICABLE_TAGS.get(tag)
    for mnemonic, missing in _NOT_IN_MODEL.items():
        if re.search(rf"\b{mnemonic}\b", vector.get("asm", "")):
            reason = reason or missing
    return reason


def deviation(vector: Vector) -> str | None:
    """Replay one vector: None when every stop agrees, else the first difference."""
    expected = vector["native"]["events"]
    seen = Debugger(vector).run(limit=len(expected) + 1)
    flags = ~_AF if _SHIFTS.search(vector.get("asm", "")) else ~0
    if "flags-undef" in vector["tags"]:
        flags &= ~_ARITHMETIC
    memory = "fpu-image" not in vector["tags"]  # which bytes differs between parts
    for index, want in enumerate(expected):
        if want["kind"] == "limit":
            return None
        if index >= len(seen):
            return f"stop {index}: recorded {want['kind']} at {want['rip']}, not seen"
        difference = _difference(want, seen[index], flags, memory=memory)
        if difference:
            return f"stop {index}: {difference}"
    if len(seen) > len(expected):
        return f"one stop too many, at {seen[-1].rip:#x}"
    return None


def _difference(
    want: Mapping[str, Any], got: Event, flags: int, *, memory: bool
) -> str | None:
    pairs: list[tuple[str, object, object]] = [
        ("kind", want["kind"], got.kind),
        ("rip", want["rip"], hex(got.rip)),
        ("signal", want["sig"], got.signal),
        ("code", want["code"], got.code),
        ("dr6", want["dr6"], hex(got.dr6)),
        ("rflags", hex(int(want["rflags"], 16) & flags), hex(got.rflags & flags)),
        ("registers", want["regs"], {k: hex(v) for k, v in got.registers.items()}),
    ]
    if memory:
        pairs.append(("memory", _bytes(want["mem"]), _bytes(got.memory)))
    for name, recorded, seen in pairs:
        if recorded != seen:
            return f"{name} recorded {recorded}, seen {seen}"
    return None


def _bytes(runs: Iterable[Sequence[str]]) -> dict[int, int]:
    """[[address, hex]] as a map, so that the cutting into runs does not matter."""
    return {
        int(address, 16) + i: byte
        for address, text in runs
        for i, byte in enumerate(bytes.fromhex(text))
    }


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
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRecording(f"vector {vector['name']!r}: {error!r}") from error
