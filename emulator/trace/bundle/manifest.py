"""The small members of a bundle: JSON whose shape is checked field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from emulator.errors import BundleError
from emulator.events import CODEC_VERSION, Outcome
from emulator.trace.bundle.archive import Archive
from emulator.trace.bundle.fields import Json, is_word, number, text, time
from emulator.trace.bundle.layout import (
    COMMANDS,
    FORMAT,
    MANIFEST,
    MOST_COMMANDS,
    MOST_IMAGES,
    READ_VERSIONS,
)

_DOES = ("open", "data", "close", "park")
_HEX64 = "64 hexadecimal digits"
_IMAGE_TEXT = {"name": 200, "source": 1 << 20, "load": 18, "entry": 200}
_SESSION_TEXT = {"title": 200, "description": 1 << 16, "scenario": 50}
_RUN_TEXT = {"label": 200, "detail": 1 << 16, "emulator": 40, "recipe": 64}
_FROM_TEXT = {"where": 200, "who": 150, "exported_at": 40}


def read_json(archive: Archive, name: str) -> Any:
    """A member as JSON. Raises BundleError."""
    try:
        return json.loads(archive.read(name))
    except (ValueError, RecursionError) as error:
        raise BundleError(f"is no JSON: {error}", field=name) from error


def read_manifest(archive: Archive) -> Json:
    """The manifest with exactly the fields that docs/bundle.md names. Raises BundleError;
    version first: what a newer version means is not known here."""
    told = read_json(archive, MANIFEST)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise BundleError(f"is not of a {FORMAT}", field=MANIFEST)
    if type(told.get("version")) is not int or told["version"] not in READ_VERSIONS:
        known = ", ".join(map(str, READ_VERSIONS))
        known = f"version {told.get('version')!r:.20} is not known; known: {known}"
        raise BundleError(known, field=MANIFEST)
    run = _texts(told, "run", _RUN_TEXT)
    run |= {
        "id": text(told["run"], "run.id", 36),
        "number": number(told["run"], "run.number"),
        "outcome": _outcome(told["run"]),
        "digest": _digest(told["run"].get("digest"), "run.digest", empty=True),
        "codec": _codec(told["run"]),
        "started_at": time(told["run"], "run.started_at"),
        "finished_at": time(told["run"], "run.finished_at"),
    }
    return {
        "run": run,
        "from": _texts(told, "from", _FROM_TEXT),
        "session": _texts(told, "session", _SESSION_TEXT),
        "images": _images(told.get("images")),
    }


def read_commands(archive: Archive) -> list[Json]:
    """The command log, a line each. Raises BundleError."""
    lines = archive.read(COMMANDS).splitlines()
    if len(lines) > MOST_COMMANDS:
        raise BundleError(f"more than {MOST_COMMANDS} lines", field=COMMANDS)
    return [_command(line) for line in lines]


def _command(line: bytes) -> Json:
    try:
        told = json.loads(line)
        if not isinstance(told, dict) or told.get("do") not in _DOES:
            raise ValueError("no command")
        data = bytes.fromhex(told.get("data", "")).hex()
    except (ValueError, TypeError, RecursionError) as error:
        raise BundleError(
            f"has a line that is no command: {error}", field=COMMANDS
        ) from error
    return {
        "cpu": number(told, "cpu", 255),
        "retired": number(told, "retired"),
        "seq": number(told, "seq"),
        "do": told["do"],
        "who": text(told, "who", 200),
        "face": text(told, "face", 8),
        "data": data,
    }


def _images(told: Any) -> list[Json]:
    if not isinstance(told, list) or not 0 < len(told) <= MOST_IMAGES:
        raise BundleError(f"images: a list of 1 to {MOST_IMAGES}", field=MANIFEST)
    return [_image(each) for each in told]


def _image(told: Any) -> Json:
    if not isinstance(told, dict):
        raise BundleError("images: something that is no image", field=MANIFEST)
    kind = told.get("kind")
    if kind not in ("elf64", "flat"):
        raise BundleError("images[].kind: elf64 or flat", field=MANIFEST)
    symbols = told.get("symbols")
    if not isinstance(symbols, dict) or not all(is_word(v) for v in symbols.values()):
        raise BundleError('images[].symbols: names to "0x…" strings', field=MANIFEST)
    texts = {n: text(told, n, most) for n, most in _IMAGE_TEXT.items()}
    sha256 = _digest(told.get("sha256"), "images[].sha256")
    return {**texts, "sha256": sha256, "kind": kind, "symbols": symbols}


def _texts(told: Json, name: str, fields: Mapping[str, int]) -> Json:
    part = told.get(name)
    if not isinstance(part, dict):
        raise BundleError(f"{name}: an object", field=MANIFEST)
    return {each: text(part, f"{name}.{each}", most) for each, most in fields.items()}


def _digest(value: Any, name: str, *, empty: bool = False) -> str:
    if value == "" and empty:
        return ""
    if (
        not isinstance(value, str)
        or len(value) != 64
        or set(value) - set("0123456789abcdef")
    ):
        raise BundleError(f"{name}: {_HEX64}", field=MANIFEST)
    return value


def _outcome(run: Json) -> str:
    value = run.get("outcome")
    if not isinstance(value, str) or value not in Outcome.__members__:
        allowed = ", ".join(Outcome.__members__)
        raise BundleError(f"run.outcome: one of {allowed}", field=MANIFEST)
    return value


def _codec(run: Json) -> int:
    if run.get("codec") != CODEC_VERSION:
        known = (
            f"run.codec {run.get('codec')!r:.20} is not known; known: {CODEC_VERSION}"
        )
        raise BundleError(known, field=MANIFEST)
    return CODEC_VERSION
