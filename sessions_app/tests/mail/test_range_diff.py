"""Pairs of patches against git range-diff itself, on repositories made here."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.mail.assignment import cheapest
from sessions_app.mail.mbox import split_mbox
from sessions_app.mail.message import parse_message
from sessions_app.mail.patch import parse_patch
from sessions_app.mail.range_diff import Compared, Pair, range_diff
from sessions_app.mail.subject import parse_subject

GIT = shutil.which("git") or ""
needs_git = pytest.mark.skipif(not GIT, reason="needs git")
FILES = ("handler.c", "kgdb.c", "ptrace.c", "perf.c")
_STATUS = re.compile(r"^\s*(\d+|-):\s+\S+ ([=!<>])\s+(\d+|-):")


class Repository:
    """Files of a kernel, and branches with patches to them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.git("init", "-q", "-b", "base")
        for name in FILES:
            lines = [f"{name}: line {n}" for n in range(60)]
            (folder / name).write_text("\n".join(lines) + "\n")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "base")

    def git(self, *arguments: str) -> str:
        identity = "Alice", "alice@example.org", "2026-01-01T12:00:00 +0000"
        author = {f"GIT_AUTHOR_{k}": v for k, v in zip(_KEYS, identity, strict=True)}
        committer = {
            f"GIT_COMMITTER_{k}": v for k, v in zip(_KEYS, identity, strict=True)
        }
        done = subprocess.run(
            [GIT, *arguments],
            cwd=self._folder,
            env=os.environ
            | author
            | committer
            | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def branch(self, name: str, patches: Sequence[tuple[str, str, int, str]]) -> None:
        """(title, file, line, new text): each is a commit."""
        self.git("checkout", "-q", "-b", name, "base")
        for title, file, line, text in patches:
            path = self._folder / file
            lines = path.read_text().split("\n")
            lines[line : line + 1] = text.split("\n")
            path.write_text("\n".join(lines))
            self.git("commit", "-q", "-a", "-m", f"{title}\n\nBecause of {title}.")

    def series(self, name: str) -> list[Compared]:
        """As it is mailed."""
        mbox = self.git("format-patch", "--stdout", f"base..{name}")
        found = []
        for raw in split_mbox(mbox.encode()) if mbox else []:
            message = parse_message(raw)
            title = parse_subject(message.subject).title
            found.append(Compared(title, parse_patch(message.body)))
        return found

    def marks(self, left: str, right: str) -> list[tuple[str, str, str]]:
        """(left, mark, right) as git says."""
        told = self.git(
            "range-diff", "--no-color", "--no-patch", f"base..{left}", f"base..{right}"
        )
        found = map(_STATUS.match, told.splitlines())
        return [(m[1], m[2], m[3]) for m in found if m]


_KEYS = ("NAME", "EMAIL", "DATE")
A = ("arch: Save DR7", "handler.c", 10, "save\nthe\nregister")
B = ("kgdb: Restore it", "kgdb.c", 20, "restore\nwhat was saved\nat once")
C = ("perf: Count hits", "perf.c", 30, "count\neach\nhit")
D = ("ptrace: Say so", "ptrace.c", 40, "tell the tracer\nwhat happened")
B2 = (*B[:3], "restore\nwhat was saved\nlater")
B3 = (B[0], "ptrace.c", 5, "something\nquite\ndifferent\nfrom before\nin another file")
C2 = ("perf: Count every hit", *C[1:])

CASES = {
    "the same": ([A, B, C], [A, B, C]),
    "one line changed": ([A, B, C], [A, B2, C]),
    "one dropped": ([A, B, C], [A, C]),
    "one added": ([A, C], [A, B, C]),
    "another order": ([A, B, C], [C, A, B]),
    "another title": ([A, C], [A, C2]),
    "rewritten": ([A, B], [A, B3]),
    "dropped and added": ([A, B, C], [D, A, C2]),
    "all new": ([A, B], [C, D]),
    "first dropped, last changed": ([A, C, B], [C, B2]),
}


def marks(pairs: list[Pair]) -> list[tuple[str, str, str]]:
    return [(str(p.left or "-"), p.mark, str(p.right or "-")) for p in pairs]


@needs_git
@pytest.mark.parametrize("name", CASES)
def test_pairs_are_those_of_git(tmp_path: Path, name: str) -> None:
    repository = Repository(tmp_path)
    left, right = CASES[name]
    repository.branch("v1", left)
    repository.branch("v2", right)

    pairs = range_diff(repository.series("v1"), repository.series("v2"))

    assert marks(pairs) == repository.marks("v1", "v2")


@needs_git
def test_the_difference_shows_what_was_changed(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.branch("v1", [A, B])
    repository.branch("v2", [A, B2])

    (_, changed) = range_diff(repository.series("v1"), repository.series("v2"))

    assert "-+at once" in changed.difference
    assert "++later" in changed.difference


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_the_assignment_is_the_cheapest(data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 5))
    rows = st.lists(st.integers(0, 20), min_size=size, max_size=size)
    cost = np.array(
        data.draw(st.lists(rows, min_size=size, max_size=size)), np.int64
    ).reshape(size, size)

    found = cheapest(cost)

    assert sorted(found) == list(range(size))
    every: Callable[[Sequence[int]], int] = lambda p: sum(  # noqa: E731
        int(cost[i, j]) for i, j in enumerate(p)
    )
    assert every(found) == min(map(every, itertools.permutations(range(size))))
