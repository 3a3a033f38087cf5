"""Differences between versions of a patch against git, on repositories made here."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from sessions_app.mail.interdiff import FileDifference, interdiff, interdiff_text
from sessions_app.mail.patch import Patch, parse_patch

GIT = shutil.which("git") or ""
INTERDIFF = shutil.which("interdiff") or ""
pytestmark = pytest.mark.skipif(not GIT, reason="needs git")
_WHO = ("Alice", "alice@example.org", "2026-01-01T12:00:00 +0000")
_KEYS = ("NAME", "EMAIL", "DATE")
NAME = "arch/x86/kernel/hw_breakpoint.c"


class Tree:
    """Branches with files, each one commit on another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "base")
        self.git("commit", "-q", "--allow-empty", "-m", "nothing")

    def git(self, *arguments: str, text: str | None = None) -> str:
        own = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in zip(_KEYS, _WHO, strict=True)
        }
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            [GIT, *arguments],
            cwd=self.folder,
            env=os.environ | own | quiet,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def branch(self, name: str, on: str, files: dict[str, str | None]) -> None:
        """None takes a file out."""
        self.git("checkout", "-q", "-B", name, on)
        for path, content in files.items():
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                place.unlink()
            else:
                place.write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", name)

    def patch(self, name: str) -> Patch:
        return parse_patch(self.git("diff", f"{name}^", name))

    def tree(self, name: str) -> str:
        return self.git("rev-parse", f"{name}^{{tree}}").strip()

    def applied(self, name: str, found: list[FileDifference]) -> str:
        """The tree of a branch with an interdiff on top, as git applies it."""
        self.git("checkout", "-q", "-B", "scratch", name)
        if found:
            self.git("apply", "--index", "-", text=interdiff_text(found))
        return self.git("write-tree").strip()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def numbered(count: int) -> list[str]:
    return [f"line {n}" for n in range(count)]


def joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def edited(lines: list[str], **changes: str) -> str:
    """l10="x" replaces line 10."""
    out = list(lines)
    for key, text in changes.items():
        out[int(key[1:])] = text
    return joined(out)


def both(
    tree: Tree, base: str | None, one: str | None, other: str | None
) -> list[FileDifference]:
    tree.branch("base", "base", {} if base is None else {NAME: base})
    tree.branch("v1", "base", {} if one == base else {NAME: one})
    tree.branch("v2", "base", {} if other == base else {NAME: other})
    return interdiff(tree.patch("v1"), tree.patch("v2"))


def changed_lines(text: str) -> list[str]:
    return [
        line
        for line in text.splitlines()
        if line[:1] in "+-" and not line.startswith(("+++", "---"))
    ]


def heads(text: str) -> list[str]:
    """Line numbers of hunks, without the function."""
    found = [line for line in text.splitlines() if line.startswith("@@")]
    return [line.partition(" @@")[0] for line in found]


LINES = numbered(60)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"l10": "a"}, {"l10": "b"}, id="other words on a line"),
        pytest.param({"l10": "a"}, {"l10": "a\nb"}, id="one line more"),
        pytest.param({"l10": "a", "l11": "b"}, {"l10": "a"}, id="one line less"),
        pytest.param({"l10": "a"}, {"l12": "b"}, id="another line near"),
        pytest.param({"l10": "a"}, {"l10": "a", "l40": "b"}, id="one hunk more"),
        pytest.param({"l10": "a\nb\nc", "l40": "d"}, {"l40": "e"}, id="behind growth"),
        pytest.param({"l0": "a"}, {"l0": "b"}, id="the first line"),
        pytest.param({"l59": "a"}, {"l59": "b"}, id="the last line"),
        pytest.param({"l10": "a"}, {"l13": "b"}, id="in the context of the other"),
        pytest.param({"l10": "a"}, {"l17": "b"}, id="contexts that touch"),
    ],
)
def test_it_is_what_git_finds_between_the_results(
    tree: Tree, one: dict[str, str], other: dict[str, str]
) -> None:
    found = both(tree, joined(LINES), edited(LINES, **one), edited(LINES, **other))

    wanted = tree.git("diff", "v1", "v2")
    assert changed_lines(interdiff_text(found)) == changed_lines(wanted)
    assert tree.applied("v1", found) == tree.tree("v2")


def test_hunks_have_gits_line_numbers(tree: Tree) -> None:
    one = edited(LINES, l10="a\nb\nc", l40="d")
    other = edited(LINES, l10="a", l40="e")

    found = both(tree, joined(LINES), one, other)

    # Context ends where neither patch shows more of the file: git, which has the file,
    # shows up to three lines on each side. Here both patches show three.
    assert heads(interdiff_text(found)) == heads(tree.git("diff", "v1", "v2"))


def random_edit(lines: list[str], dice: random.Random) -> str:
    out = list(lines)
    for _ in range(dice.randint(0, 4)):
        at = dice.randrange(len(out))
        kind = dice.choice(("change", "insert", "remove"))
        new = [f"new {dice.randrange(4)}" for _ in range(dice.randint(1, 3))]
        if kind == "remove":
            del out[at : at + dice.randint(1, 3)]
        else:
            out[at : at + (kind == "change")] = new
        if len(out) < 4:
            break
    return joined(out)


@pytest.mark.parametrize("seed", range(40))
def test_on_top_of_the_earlier_version_it_gives_the_later_one(
    tree: Tree, seed: int
) -> None:
    dice = random.Random(seed)
    # Few different lines: places are easily taken for each other.
    lines = [f"line {dice.randrange(6)}" for _ in range(dice.randint(12, 80))]

    found = both(
        tree, joined(lines), random_edit(lines, dice), random_edit(lines, dice)
    )

    assert {each.basis for each in found} <= {"same", "apart", "one"}
    assert tree.applied("v1", found) == tree.tree("v2")


@pytest.mark.parametrize(
    ("base", "one", "other"),
    [
        pytest.param(None, "a\n", "b\n", id="both make it"),
        pytest.param(None, None, "b\n", id="only the later makes it"),
        pytest.param(None, "a\n", None, id="only the earlier makes it"),
        pytest.param("a\nb\n", None, "a\nc\n", id="the earlier removes it"),
        pytest.param("a\nb\n", "a\nc\n", None, id="the later removes it"),
        pytest.param("a\nb", "a\nc", "a\nd\n", id="no newline at the end"),
        pytest.param("a\nb\n", "a\nc", "a\nc\n", id="a newline at the end comes back"),
    ],
)
def test_files_that_come_and_go(
    tree: Tree, base: str | None, one: str | None, other: str | None
) -> None:
    found = both(tree, base, one, other)

    assert tree.applied("v1", found) == tree.tree("v2")


def test_the_same_patch_has_no_difference(tree: Tree) -> None:
    one = edited(LINES, l10="a")

    assert both(tree, joined(LINES), one, one) == []


# Another base.


def rebased(
    tree: Tree, ahead: list[str], one: dict[str, str], other: dict[str, str]
) -> list[FileDifference]:
    """v2 stands on a file that has other lines on top."""
    tree.branch("base", "base", {NAME: joined(LINES)})
    tree.branch("v1", "base", {NAME: edited(LINES, **one)})
    tree.branch("later", "base", {NAME: joined([*ahead, *LINES])})
    tree.branch("v2", "later", {NAME: joined(ahead) + edited(LINES, **other)})
    return interdiff(tree.patch("v1"), tree.patch("v2"))


def test_hunks_at_other_lines_are_found(tree: Tree) -> None:
    ahead = [f"new {n}" for n in range(7)]

    (found,) = rebased(tree, ahead, {"l10": "a"}, {"l10": "b"})

    assert (found.basis, found.moved_by) == ("moved", -7)
    assert changed_lines(interdiff_text([found])) == ["-a", "+b"]


def test_moved_hunks_have_the_line_numbers_of_each_file(tree: Tree) -> None:
    (found,) = rebased(tree, ["new"] * 7, {"l10": "a"}, {"l10": "b"})

    assert heads(interdiff_text([found])) == ["@@ -8,7 +15,7"]


def test_the_same_patch_on_another_base_has_no_difference(tree: Tree) -> None:
    assert rebased(tree, ["new"] * 7, {"l10": "a"}, {"l10": "a"}) == []


def test_it_is_what_git_makes_of_the_later_patch_on_the_earlier_base(
    tree: Tree,
) -> None:
    found = rebased(tree, ["new"] * 7, {"l10": "a", "l40": "b"}, {"l10": "c\nd"})

    tree.git("checkout", "-q", "-B", "picked", "base")
    tree.git("cherry-pick", "v2")
    assert tree.applied("v1", found) == tree.tree("picked")


def test_what_stands_on_other_words_is_compared_as_text(tree: Tree) -> None:
    tree.branch("base", "base", {NAME: joined(LINES)})
    tree.branch("v1", "base", {NAME: edited(LINES, l10="a")})
    others = [f"other {n}" for n in range(60)]
    tree.branch("later", "base", {NAME: joined(others)})
    tree.branch("v2", "later", {NAME: edited(others, l10="a")})

    (found,) = interdiff(tree.patch("v1"), tree.patch("v2"))

    assert (found.basis, found.file) == ("diffs", None)
    assert "--line 10" in found.difference
    assert "+-other 10" in found.difference


def test_modes_are_said(tree: Tree) -> None:
    tree.branch("base", "base", {NAME: "a\n"})
    tree.branch("v1", "base", {NAME: "b\n"})
    tree.branch("v2", "base", {NAME: "b\n"})
    (tree.folder / NAME).chmod(0o755)
    tree.git("commit", "-q", "-a", "--amend", "-m", "v2")

    (found,) = interdiff(tree.patch("v1"), tree.patch("v2"))

    assert found.said == ("old mode 100644", "new mode 100755")


def test_binary_files_are_named_and_not_compared(tree: Tree) -> None:
    tree.branch("base", "base", {})
    tree.branch("v1", "base", {})
    tree.branch("v2", "base", {})
    (tree.folder / "blob").write_bytes(b"\0\1\2")
    tree.git("add", "blob")
    tree.git("commit", "-q", "--amend", "-m", "v2")

    (found,) = interdiff(tree.patch("v1"), tree.patch("v2"))

    assert (found.name, found.said[-1], found.file) == ("blob", "binary", None)


def test_hunks_that_overlap_are_compared_as_text() -> None:
    twice = (
        "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n c\n@@ -1,2 +1,2 @@\n-a\n+b\n c\n"
    )
    once = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+d\n c\n"

    (found,) = interdiff(parse_patch(twice), parse_patch(once))

    assert found.basis == "diffs"


@pytest.mark.skipif(not INTERDIFF, reason="needs interdiff of patchutils")
def test_it_is_what_interdiff_finds(tree: Tree, tmp_path: Path) -> None:
    one, other = edited(LINES, l10="a"), edited(LINES, l10="b")
    found = both(tree, joined(LINES), one, other)
    for name in ("v1", "v2"):
        (tmp_path / f"{name}.diff").write_text(tree.git("diff", f"{name}^", name))

    done = subprocess.run(
        [INTERDIFF, "v1.diff", "v2.diff"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert changed_lines(interdiff_text(found)) == changed_lines(done.stdout)
