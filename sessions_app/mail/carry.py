"""Remarks on a patch carried to its next version: where the line survives, and where not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from sessions_app.mail.patch import FilePatch, Patch, PatchLine

_Key = tuple[str, str]


def carried_lines(before: Patch, after: Patch) -> dict[int, int]:
    """Line of the body before to its line in the body after, for lines of diffs that
    survive: the same words with the same sign, in the same file and order."""
    found: dict[int, int] = {}
    later = {file.name: file for file in after.files}
    for file in before.files:
        other = later.get(file.name)
        if other is not None:
            found |= dict(_pairs(file, other))
    return found


def _pairs(before: FilePatch, after: FilePatch) -> Iterator[tuple[int, int]]:
    ours, theirs = _lines(before), _lines(after)
    matcher = difflib.SequenceMatcher(
        None, [_key(line) for line in ours], [_key(line) for line in theirs], False
    )
    for i, j, size in matcher.get_matching_blocks():
        for step in range(size):
            yield ours[i + step].at, theirs[j + step].at


def _lines(file: FilePatch) -> list[PatchLine]:
    return [line for hunk in file.hunks for line in hunk.lines]


def _key(line: PatchLine) -> _Key:
    return line.sign, " ".join(line.text.split())
