"""``python -m emulator compare`` as a user types it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from emulator.scenarios.library import FOLDER
from emulator.tests.runs.test_command_line import emulator

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def without_rf() -> Done:
    """Nobody sets RF, against the kernel that does."""
    return emulator("compare", "execute-without-rf", "--variant", "g-bare")


@pytest.fixture(scope="module")
def as_json() -> Done:
    """The same as JSON."""
    return emulator("compare", "execute-without-rf", "--variant", "g-bare", "--json")


def test_runs_that_differ_have_status_one(without_rf: Done) -> None:
    assert (without_rf.returncode, without_rf.stderr) == (1, "")


def test_equal_runs_have_status_zero() -> None:
    done = emulator("compare", "watched-counter", "watched-counter")

    assert done.returncode == 0
    assert re.search(r"^No difference: \d+ events, 393 hits\.$", done.stdout, re.M)


def test_the_first_divergence_is_the_resume_flag(without_rf: Done) -> None:
    """The scenario's README: the handler sets RF, or the instruction hits again."""
    first = without_rf.stdout.split("First divergence, ")[1].splitlines()

    assert first[0].startswith("hit 1 on CPU 0 (left event ")
    assert first[1].strip() == (
        "right writes regs->flags 0x202 → 0x10202 (sets RF) in hw_breakpoint_handler,"
        " left does not"
    )


def test_what_follows_from_it_is_told(without_rf: Done) -> None:
    assert "RF in the return image: left 0, right 1" in without_rf.stdout
    assert "left makes no progress: the same #DB 8 times" in without_rf.stdout
    assert "Run ended: left livelock, right completed" in without_rf.stdout


def test_the_head_says_what_ran(without_rf: Done) -> None:
    left, right = without_rf.stdout.splitlines()[:2]

    assert "on g-bare with rf_by none: livelock" in left
    assert re.search(r"on g-bare: completed, \d+ events, 3 hits", right)


def test_only_what_changed_is_printed(without_rf: Done) -> None:
    assert "equal lines" in without_rf.stdout
    assert "exc_debug_user" not in without_rf.stdout


def test_json_is_one_object(as_json: Done) -> None:
    found = json.loads(as_json.stdout)

    assert (as_json.returncode, found["equal"]) == (1, False)
    assert (found["left"]["outcome"], found["right"]["outcome"]) == (
        "livelock",
        "completed",
    )
    assert found["first"]["at"]["left_hit"] == 1


def test_json_tells_as_many_differences_as_wanted() -> None:
    done = emulator(
        "compare", "execute-without-rf", "--variant", "g-bare", "--json", "--limit", "3"
    )

    numbers = [r.get("number") for r in json.loads(done.stdout)["results"]]
    assert [n for n in numbers if n] == [1, 2, 3]


def test_a_story_is_compared_with_its_other_version() -> None:
    """z-numbers: gdb's numbers in place of the kernel's, so that nothing is watched."""
    done = emulator("compare", "z-numbers")

    left, right = done.stdout.splitlines()[:2]
    assert ("with kgdb_types as_numbered" in left, "with" in right) == (True, False)
    assert "breakinfo[0]: left 0x18040, right 0x1834c" in done.stdout


def test_two_variants_are_left_and_right() -> None:
    done = emulator(
        "compare", "execute-without-rf", "--variant", "g-bare", "--variant", "d1"
    )

    assert "on g-bare: completed" in done.stdout.splitlines()[0]
    assert "on d1: livelock" in done.stdout.splitlines()[1]


def test_two_recipes_on_one_variant(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "watched-counter", tmp_path / "copy")

    done = emulator(
        "compare",
        "watched-counter",
        tmp_path / "copy" / "recipe.json",
        "--variant",
        "d4",
    )

    assert (done.returncode, done.stdout.count("on d4")) == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param((), "required", id="nothing"),
        pytest.param(("watched-counter",), "nothing_to_compare", id="one-side"),
        pytest.param(("a", "b", "c"), "nothing_to_compare", id="three"),
        pytest.param(
            ("watched-counter", "--variant", "zz"), "variant.base", id="variant"
        ),
        pytest.param(("no-such-file", "--variant", "d4"), "no-such-file", id="file"),
    ],
)
def test_what_is_refused_has_status_two(
    arguments: tuple[str, ...], complaint: str
) -> None:
    done = emulator("compare", *arguments)

    assert (done.returncode, complaint in done.stderr) == (2, True)


def test_a_limit_that_is_none_is_refused() -> None:
    done = emulator("compare", "watched-counter", "--variant", "d4", "--limit", "0")

    assert (done.returncode, "--limit" in done.stderr) == (2, True)
