"""A patch in a message: description, trailers, and the diff by files, hunks and lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from sessions_app.mail.trailers import Trailer, find_trailers

#: Lines of a diff that are read.
MAX_LINES = 200_000
_START = re.compile(
    r"^(?:diff --git |diff -|Index: |--- \S.*\n\+\+\+ \S)", re.MULTILINE
)
_NOTES = re.compile(r"^---\s*$", re.MULTILINE)
_SIGNATURE = re.compile(r"^-- $", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PatchLine:
    """A line of a hunk. at counts lines of the message's body from 1: the anchor."""

    at: int
    sign: str
    """``+``, ``-``, a space, or ``\\`` for a note on the line before."""
    text: str
    old: int | None
    new: int | None


@dataclass(frozen=True, slots=True)
class Hunk:
    """at: its @@ line."""

    at: int
    head: str
    section: str
    lines: tuple[PatchLine, ...]


@dataclass(frozen=True, slots=True)
class FilePatch:
    """old and new are names without a/ and b/; empty for /dev/null."""

    old: str
    new: str
    hunks: tuple[Hunk, ...]
    said: tuple[str, ...] = ()
    """Renames, modes, that it is binary: in git's words."""
    binary: bool = False
    suspicious: bool = False
    """A name that leaves the tree."""

    @property
    def name(self) -> str:
        """What it is called afterwards, or was."""
        return self.new or self.old

    @property
    def added(self) -> int:
        return sum(line.sign == "+" for hunk in self.hunks for line in hunk.lines)

    @property
    def removed(self) -> int:
        return sum(line.sign == "-" for hunk in self.hunks for line in hunk.lines)


@dataclass(frozen=True, slots=True)
class Patch:
    """What stands in a body."""

    description: str
    notes: str
    """Between --- and the diff: versions, remarks that git am drops."""
    trailers: tuple[Trailer, ...]
    files: tuple[FilePatch, ...]
    diff_at: int
    """Line of the body at which the diff begins, from 1; 0 without one."""
    problems: list[str] = field(default_factory=list)


def parse_patch(body: str) -> Patch:
    """Never fails; a diff that cannot be read has no files and says so."""
    match = _START.search(body)
    start = len(body) if match is None else match.start()
    description, notes = _split_notes(body[:start])
    problems: list[str] = []
    before = body.count("\n", 0, start)
    files = _files(body[start:], before, problems) if match is not None else ()
    return Patch(
        description=description.strip("\n"),
        notes=notes.strip("\n"),
        trailers=tuple(find_trailers(description)),
        files=files,
        diff_at=before + 1 if match is not None else 0,
        problems=problems,
    )


def _split_notes(text: str) -> tuple[str, str]:
    found = _NOTES.search(text)
    if found is None:
        return text, ""
    return text[: found.start()], text[found.end() :]


def _files(diff: str, before: int, problems: list[str]) -> tuple[FilePatch, ...]:
    if diff.count("\n") > MAX_LINES:
        problems.append(f"a diff of more than {MAX_LINES} lines is not taken apart")
        return ()
    signature = list(_SIGNATURE.finditer(diff))
    text = diff[: signature[-1].start()] if signature else diff
    try:
        parsed = PatchSet(text)
    except (UnidiffParseError, ValueError, IndexError) as error:
        problems.append(f"the diff cannot be taken apart: {str(error)[:200]}")
        return ()
    if not parsed:
        problems.append("no file was found in the diff")
    return tuple(_file(each, before) for each in parsed)


def _file(parsed: object, before: int) -> FilePatch:
    source = _name(str(getattr(parsed, "source_file", "")), "a/")
    target = _name(str(getattr(parsed, "target_file", "")), "b/")
    said = [
        line.strip()
        for line in getattr(parsed, "patch_info", None) or ()
        if line.startswith(
            ("rename ", "copy ", "old mode", "new mode", "new file", "deleted file")
        )
    ]
    binary = bool(getattr(parsed, "is_binary_file", False))
    return FilePatch(
        source,
        target,
        tuple(_hunk(hunk, before) for hunk in parsed),  # type: ignore[attr-defined]  # unidiff has no types
        tuple(said + (["binary"] if binary else [])),
        binary,
        suspicious=any(map(_leaves_tree, (source, target))),
    )


def _name(name: str, prefix: str) -> str:
    return "" if name == "/dev/null" else name.removeprefix(prefix)


def _leaves_tree(name: str) -> bool:
    return name.startswith("/") or ".." in name.split("/") or "\\" in name


def _hunk(parsed: Sequence[object], before: int) -> Hunk:
    lines: list[PatchLine] = []
    first = 0
    for line in parsed:
        at = getattr(line, "diff_line_no", None)
        if at is None:  # "\ No newline": behind the line it speaks of
            at = lines[-1].at - before + 1 if lines else 0
        first = first or at
        lines.append(
            PatchLine(
                at=before + at,
                sign=str(getattr(line, "line_type", " ")) or " ",
                text=str(getattr(line, "value", "")).rstrip("\n"),
                old=getattr(line, "source_line_no", None),
                new=getattr(line, "target_line_no", None),
            )
        )
    old = f"{_get(parsed, 'source_start')},{_get(parsed, 'source_length')}"
    new = f"{_get(parsed, 'target_start')},{_get(parsed, 'target_length')}"
    section = str(getattr(parsed, "section_header", "") or "")
    head = f"@@ -{old} +{new} @@"
    return Hunk(before + first - 1, head, section, tuple(lines))


def _get(parsed: object, name: str) -> int:
    return int(getattr(parsed, name, 0) or 0)
