"""What changed between two versions of a patch in what the patch makes of the files.

Nobody here has the files. What a patch shows of a file before it, its context and what it
removes, is pieced together from both versions; each is applied to that, and the results are
compared. Where the two do not show the same file, hunks of the later one are looked for at
other lines; where that fails, the texts of the two diffs are compared, and it is said.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sessions_app.mail.patch import FilePatch, Hunk, Patch, PatchLine
from sessions_app.mail.placing import LEAST, SURE, Side, moved_to, side_of, stands_on
from sessions_app.mail.range_diff import Compared

#: Lines of a file, of both versions, that are compared.
MAX_LINES = 20_000
_CONTEXT = 3
#: From here on difflib may take any difference for the smallest.
_LONG = 2000

#: How the difference of a file was found, in words.
BASES = {
    "same": "both versions applied to the same lines",
    "apart": "the versions change other places of the file; whether these are places of "
    "the same file cannot be seen",
    "moved": "the later version stands on another file before; its hunks were found at "
    "other lines",
    "one": "only one of the versions touches this file",
    "diffs": "the versions do not show the same file before: the texts of the two diffs "
    "are compared",
}


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A file that the two versions make something else of."""

    name: str
    basis: str
    """One of BASES."""
    file: FilePatch | None
    """From the file after the earlier version to the file after the later; None where the
    diffs were compared, or where only names and modes differ."""
    difference: tuple[str, ...] = ()
    """A diff of the two diffs, where there is no file."""
    said: tuple[str, ...] = ()
    """Names and modes that the later version gives."""
    moved_by: int = 0
    """By how many lines most of the later version was moved."""

    @property
    def in_words(self) -> str:
        """How it was found."""
        return BASES[self.basis]


def interdiff(left: Patch, right: Patch) -> list[FileDifference]:
    """The files in which they part, in the order of the later version."""
    found = (_file(one, other) for one, other in _paired(left.files, right.files))
    return list(_numbered(each for each in found if each is not None))


def _paired(
    left: Sequence[FilePatch], right: Sequence[FilePatch]
) -> Iterator[tuple[FilePatch | None, FilePatch | None]]:
    rest = list(left)
    for file in right:
        same = [f for f in rest if f.name == file.name]
        same += [f for f in rest if f.old and f.old == file.old]
        if same:
            rest.remove(same[0])
        yield (same[0] if same else None), file
    for file in rest:
        yield file, None


def _file(left: FilePatch | None, right: FilePatch | None) -> FileDifference | None:
    shown = right or left
    assert shown is not None
    said = right.said if left and right and left.said != right.said else ()
    if any(file is not None and file.binary for file in (left, right)):
        if left is not None and right is not None and left.said == right.said:
            return None
        return FileDifference(shown.name, "diffs", None, said=(*shown.said, "binary"))
    found = _compared(left, right, shown.name)
    if found is None:
        return FileDifference(shown.name, "same", None, said=said) if said else None
    return replace(found, said=said)


def _compared(
    left: FilePatch | None, right: FilePatch | None, name: str
) -> FileDifference | None:
    one, other = side_of(left), side_of(right)
    if one is None or other is None or one.lines + other.lines > MAX_LINES:
        return _diffs(left, right, name)
    basis, by = "one", 0
    if left is not None and right is not None:
        basis = "same" if one.known.keys() & other.known.keys() else "apart"
    agrees = stands_on(one, other)
    if not agrees or basis == "apart":
        # Versions that show no line both may stand on one file or on two: only a whole
        # context that comes back elsewhere says that it moved.
        moved = moved_to(one, other, SURE if agrees else LEAST)
        if moved is None and not agrees:
            return _diffs(left, right, name)
        if moved is not None:
            other, by = moved
            basis = "moved"
    hunks = tuple(_hunks(one, other))
    if not hunks:
        return None
    file = FilePatch(
        name if _is_there(left, right) else "",
        name if _is_there(right, left) else "",
        hunks,
    )
    return FileDifference(name, basis, file, moved_by=by)


def _is_there(file: FilePatch | None, other: FilePatch | None) -> bool:
    """Whether a version has the file; one that does not touch it leaves it as it was."""
    if file is not None:
        return bool(file.new)
    return other is not None and bool(other.old)


def _diffs(
    left: FilePatch | None, right: FilePatch | None, name: str
) -> FileDifference | None:
    before, after = _text(left), _text(right)
    drawn = difflib.unified_diff(before, after, n=_CONTEXT, lineterm="")
    lines = tuple(list(drawn)[2:])
    return FileDifference(name, "diffs", None, lines) if lines else None


def _text(file: FilePatch | None) -> list[str]:
    if file is None:
        return []
    patch = Patch("", "", (), (file,), 1)
    return Compared("", patch).diff_lines()[:MAX_LINES]


def _regions(one: Side, other: Side) -> Iterator[tuple[int, int]]:
    """Stretches of the file before that both versions together show, without a gap."""
    spans = sorted(c.span for side in (one, other) for c in side.changes)
    start = end = -1
    for first, last in spans:
        if start < 0 or first > end:
            if start >= 0:
                yield start, end
            start, end = first, last
        end = max(end, last)
    if start >= 0:
        yield start, end


def _hunks(one: Side, other: Side) -> Iterator[Hunk]:
    base = one.known | other.known
    for start, end in _regions(one, other):
        before, after = one.made(base, start, end), other.made(base, start, end)
        if before == after:
            continue
        old, new = one.number(start), other.number(start)
        section = one.section(start, end) or other.section(start, end)
        yield from _drawn(before, after, old, new, section)


def _drawn(
    before: list[str], after: list[str], old: int, new: int, section: str
) -> Iterator[Hunk]:
    """Hunks with line numbers; old and new are those of the first lines, from 1."""
    long = len(before) + len(after) > _LONG
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=long)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        lines: list[PatchLine] = []
        for kind, i, j, k, n in group:
            if kind == "equal":
                pairs = zip(range(i, j), range(k, n), strict=True)
                lines += [_line(" ", before[a], old + a, new + b) for a, b in pairs]
                continue
            lines += [_line("-", before[a], old + a, None) for a in range(i, j)]
            lines += [_line("+", after[b], None, new + b) for b in range(k, n)]
        first = _start(old, group[0][1], group[-1][2])
        second = _start(new, group[0][3], group[-1][4])
        yield Hunk(0, f"@@ -{first} +{second} @@", section, tuple(lines))


def _start(number: int, first: int, last: int) -> str:
    """``12,3``; of nothing, the line before it, as diff has it."""
    count = last - first
    return f"{number + first - (count == 0)},{count}"


def _line(sign: str, text: str, old: int | None, new: int | None) -> PatchLine:
    return PatchLine(0, sign, text, old, new)


def _numbered(found: Iterator[FileDifference]) -> Iterator[FileDifference]:
    """Each line gets a number of its own, so that a page can point at it."""
    at = 0
    for each in found:
        if each.file is None:
            yield each
            continue
        hunks: list[Hunk] = []
        for hunk in each.file.hunks:
            at += 1
            lines = tuple(replace(x, at=at + n) for n, x in enumerate(hunk.lines, 1))
            hunks.append(replace(hunk, at=at, lines=lines))
            at += len(lines)
        yield replace(each, file=replace(each.file, hunks=tuple(hunks)))


def interdiff_text(found: Sequence[FileDifference]) -> str:
    """As a patch that git apply takes, but for files whose diffs were compared: those are
    told in lines that it skips."""
    out: list[str] = []
    for each in found:
        if each.file is None:
            out.append(f"# {each.name}: {', '.join(each.said) or 'the diffs differ'}")
            out += [f"# {line}" for line in each.difference]
            continue
        old = f"a/{each.file.old}" if each.file.old else "/dev/null"
        new = f"b/{each.file.new}" if each.file.new else "/dev/null"
        out += [f"--- {old}", f"+++ {new}"]
        for hunk in each.file.hunks:
            out.append(f"{hunk.head} {hunk.section}".rstrip())
            out += [f"{line.sign}{line.text}" for line in hunk.lines]
    return "".join(f"{line}\n" for line in out)
