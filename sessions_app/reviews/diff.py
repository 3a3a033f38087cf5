"""A patch as rows of a page: highlighted, with what was said under its lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

from sessions_app.mail.patch import FilePatch, Hunk, Patch, PatchLine, parse_patch
from sessions_app.reviews.talk import Say

#: Patches that a process keeps taken apart.
_KEPT = 256
#: Lines of a file that are highlighted; a longer one is plain.
_MAX_HIGHLIGHTED = 4000
_CSS = {"+": "add", "-": "del"}
_FORMATTER = HtmlFormatter(nowrap=True, classprefix="hl-")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a diff; sign ``@`` is a hunk's head."""

    at: int
    sign: str
    html: SafeString
    old: int | None = None
    new: int | None = None
    says: tuple[Say, ...] = ()
    cited: bool = False

    @property
    def css(self) -> str:
        """add, del, hunk or nothing."""
        return "hunk" if self.sign == "@" else _CSS.get(self.sign, "")


@dataclass(frozen=True, slots=True)
class Side:
    """A row of the view with two columns."""

    left: Row | None
    right: Row | None
    head: Row | None = None

    @property
    def says(self) -> list[Say]:
        """Under both."""
        rows = [row for row in (self.left, self.right) if row is not None]
        if len(rows) == 2 and rows[0] is rows[1]:
            rows.pop()
        return [say for row in rows for say in row.says]


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of a patch."""

    file: FilePatch
    rows: tuple[Row, ...]

    @property
    def remarks(self) -> int:
        """How many stand in it."""
        return sum(len(row.says) for row in self.rows)

    @property
    def sides(self) -> list[Side]:
        """What was removed beside what came instead."""
        return list(_sides(self.rows))


@dataclass(slots=True)
class PatchView:
    """A message with a patch."""

    patch: Patch
    files: list[FileView]
    words: list[Row]
    """Lines of the description, with what was said under them."""
    loose: list[Say] = field(default_factory=list)
    """Said of the whole, or of lines that are shown nowhere."""


@lru_cache(maxsize=_KEPT)
def patch_of(body: str) -> Patch:
    """The patch in a body."""
    return parse_patch(body)


def patch_view(body: str, says: Sequence[Say]) -> PatchView:
    """Everything that is said finds a place: under its line, or as loose."""
    patch = patch_of(body)
    under: dict[int, list[Say]] = defaultdict(list)
    for say in says:
        under[say.at].append(say)
    cited = {at for say in says for at in range(say.first, say.at + 1) if at}
    files = [
        FileView(file, tuple(_file_rows(file, under, cited))) for file in patch.files
    ]
    words = list(_words(body, patch, under, cited))
    shown = {row.at for file in files for row in file.rows} | {w.at for w in words}
    loose = [say for say in says if say.at not in shown]
    return PatchView(patch, files, words, loose)


def file_view(file: FilePatch) -> FileView:
    """A file of a diff that nobody speaks of."""
    return FileView(file, tuple(_file_rows(file, {}, set())))


def _words(
    body: str, patch: Patch, under: dict[int, list[Say]], cited: set[int]
) -> Iterator[Row]:
    lines = body.split("\n")
    end = patch.diff_at - 1 if patch.diff_at else len(lines)
    for at, line in enumerate(lines[:end], start=1):
        says = tuple(under.get(at, ()))
        yield Row(at, " ", escape(line), says=says, cited=at in cited)


def _file_rows(
    file: FilePatch, under: Mapping[int, list[Say]], cited: set[int]
) -> Iterator[Row]:
    html = _highlighted(file)
    for hunk in file.hunks:
        head = escape(f"{hunk.head} {hunk.section}".rstrip())
        says = tuple(under.get(hunk.at, ()))
        yield Row(hunk.at, "@", head, says=says, cited=hunk.at in cited)
        for line in hunk.lines:
            yield Row(
                line.at,
                line.sign,
                html[line.at],
                line.old,
                line.new,
                tuple(under.get(line.at, ())),
                line.at in cited,
            )


def _highlighted(file: FilePatch) -> dict[int, SafeString]:
    """By line. Old and new text are read apart, so that a comment that was removed does
    not colour what came instead."""
    plain = {line.at: escape(line.text) for line in _lines(file.hunks)}
    lexer = _lexer(file.name)
    if lexer is None or len(plain) > _MAX_HIGHLIGHTED:
        return plain
    for hunk in file.hunks:
        for left_out in ("+", "-"):
            lines = [x for x in hunk.lines if x.sign not in (left_out, "\\")]
            text = "\n".join(line.text for line in lines)
            done = highlight(text, lexer, _FORMATTER).split("\n")
            if len(done) >= len(lines):
                for line, html in zip(lines, done, strict=False):
                    plain[line.at] = mark_safe(html)  # escaped by pygments
    return plain


def _lines(hunks: Iterable[Hunk]) -> Iterator[PatchLine]:
    for hunk in hunks:
        yield from hunk.lines


def _lexer(name: str) -> Lexer | None:
    try:
        return get_lexer_for_filename(
            name, stripnl=False, stripall=False, ensurenl=True
        )
    except ClassNotFound:
        return None


def _sides(rows: Sequence[Row]) -> Iterator[Side]:
    removed: list[Row] = []
    added: list[Row] = []

    def pairs() -> Iterator[Side]:
        for n in range(max(len(removed), len(added))):
            yield Side(
                removed[n] if n < len(removed) else None,
                added[n] if n < len(added) else None,
            )
        removed.clear()
        added.clear()

    for row in rows:
        if row.sign == "-":
            if added:
                yield from pairs()
            removed.append(row)
        elif row.sign == "+":
            added.append(row)
        else:
            yield from pairs()
            yield Side(None, None, row) if row.sign == "@" else Side(row, row)
    yield from pairs()
