"""One patch in two versions: what changed in what it makes of the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sessions_app.mail.interdiff import FileDifference, interdiff, interdiff_text
from sessions_app.models import SeriesPatch, SeriesVersion
from sessions_app.reviews.diff import FileView, file_view, patch_of
from sessions_app.reviews.versions import PatchPair, compare_versions

_KINDS = {"+": "add", "-": "del", "@": "hunk"}


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """A file of an interdiff as a page draws it."""

    found: FileDifference
    view: FileView | None

    @property
    def lines(self) -> list[tuple[str, str]]:
        """(kind, line), where the diffs were compared: kind by the outer sign."""
        return [(_KINDS.get(text[:1], ""), text) for text in self.found.difference]


@dataclass(frozen=True, slots=True)
class Interdiff:
    """What changed from one version of a patch to another."""

    left: SeriesPatch
    right: SeriesPatch
    files: Sequence[FileDifference]
    problems: Sequence[str]
    """Why a diff could not be read."""

    @property
    def views(self) -> list[DifferenceView]:
        """For the page."""
        return [
            DifferenceView(each, None if each.file is None else file_view(each.file))
            for each in self.files
        ]

    @property
    def text(self) -> str:
        """As a patch on top of the earlier version."""
        return interdiff_text(self.files)


def interdiff_of(
    left: SeriesVersion, right: SeriesVersion, number: int
) -> Interdiff | PatchPair | None:
    """Of patch number of the later version; the pair alone where it has no partner; None
    where there is no such patch."""
    pairs = compare_versions(left, right)
    found = next((p for p in pairs if p.right and p.right.number == number), None)
    if found is None or found.left is None or found.right is None:
        return found
    before, after = (patch_of(p.message.body) for p in (found.left, found.right))
    problems = [
        f"{version}: {problem}"
        for version, patch in ((left, before), (right, after))
        for problem in patch.problems
    ]
    return Interdiff(found.left, found.right, interdiff(before, after), problems)
