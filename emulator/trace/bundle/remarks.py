"""annotations.json of a bundle: remarks, whose shape is checked field by field."""

from __future__ import annotations

from typing import Any

from emulator.errors import BundleError
from emulator.trace.bundle.archive import Archive
from emulator.trace.bundle.fields import Json, is_word, number, text, time
from emulator.trace.bundle.layout import ANNOTATIONS, MOST_ANNOTATIONS, MOST_EARLIER
from emulator.trace.bundle.manifest import read_json

_LONGEST_BODY = 1 << 16
#: Numbers that may be absent, and how large they may be.
_NUMBERS = {"bit": 63, "length": 256, "cpu": 255, "slot": 3}


def read_annotations(archive: Archive) -> list[Json]:
    """Remarks: author, body, where they are pinned, when; which one of the list each
    answers. Raises BundleError."""
    told = read_json(archive, ANNOTATIONS)
    if not isinstance(told, list) or len(told) > MOST_ANNOTATIONS:
        raise BundleError(
            f"is no list of at most {MOST_ANNOTATIONS}", field=ANNOTATIONS
        )
    found = [_annotation(each) for each in told]
    for index, each in enumerate(found):
        _check_answers(found, index, each["answers"])
    return found


def _annotation(told: Any) -> Json:
    if not isinstance(told, dict):
        raise BundleError("has something that is no remark", field=ANNOTATIONS)
    found: Json = {
        "author": text(told, "author", 150),
        "body": text(told, "body", _LONGEST_BODY),
        "register": text(told, "register", 16),
        "moment": text(told, "moment", 8),
        "address": _address(told.get("address")),
        "of_run": told.get("of_run") is True,
        "resolved": told.get("resolved") is True,
        "removed": told.get("removed") is True,
        "created_at": time(told, "created_at"),
        "earlier": _earlier(told.get("earlier", [])),
    }
    for name in ("seq", "patch_line", "answers"):
        found[name] = None if told.get(name) is None else number(told, name)
    for name, most in _NUMBERS.items():
        found[name] = None if told.get(name) is None else number(told, name, most)
    return found


def _address(value: Any) -> str | None:
    if value is not None and not is_word(value):
        raise BundleError('address: a "0x…" word or null', field=ANNOTATIONS)
    return None if value is None else str(value)


def _earlier(told: Any) -> list[Json]:
    if not isinstance(told, list) or len(told) > MOST_EARLIER:
        raise BundleError(
            f"earlier: a list of at most {MOST_EARLIER}", field=ANNOTATIONS
        )
    return [_earlier_text(each) for each in told]


def _earlier_text(told: Any) -> Json:
    if not isinstance(told, dict) or told.get("replaced_at") is None:
        raise BundleError("earlier: a text and when it was replaced", field=ANNOTATIONS)
    return {
        "body": text(told, "body", _LONGEST_BODY),
        "replaced_at": time(told, "replaced_at"),
    }


def _check_answers(found: list[Json], index: int, answers: int | None) -> None:
    """An answer is behind what it answers, and below no other answer."""
    if answers is None:
        return
    if answers >= index or found[answers]["answers"] is not None:
        raise BundleError(
            f"remark {index}: answers {answers}; allowed: one before it that is no answer",
            field=ANNOTATIONS,
        )
