"""``python -m emulator run`` as a user types it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.scenarios import load
from emulator.scenarios.library import FOLDER


def emulator(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "emulator", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(__file__).parents[3],
    )


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Standard output as JSON values."""
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def watched() -> subprocess.CompletedProcess[str]:
    """The watched counter by its id."""
    return emulator("run", "watched-counter")


def test_a_completed_run_has_status_zero(
    watched: subprocess.CompletedProcess[str],
) -> None:
    assert (watched.returncode, watched.stderr) == (0, "")


def test_events_are_numbered_without_gaps(
    watched: subprocess.CompletedProcess[str],
) -> None:
    *events, _ = lines(watched)

    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_the_last_line_has_digest_and_counts(
    watched: subprocess.CompletedProcess[str],
) -> None:
    *events, last = lines(watched)

    assert len(last["digest"]) == 64
    assert last["events"] == len(events)
    assert last["hits"] == sum(event["kind"] == "HIT" for event in events)


def test_the_output_stands_with_its_event(
    watched: subprocess.CompletedProcess[str],
) -> None:
    texts = [line["text"]["stdout"] for line in lines(watched)[:-1] if "text" in line]

    assert "100 more ticks accounted\n" in texts


def test_a_recipe_file_finds_its_image_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(FOLDER / "stack-overwrite", folder)

    by_file = lines(emulator("run", folder / "recipe.json"))[-1]

    assert by_file == lines(emulator("run", "stack-overwrite"))[-1]


def test_an_image_can_be_given(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.json"
    shutil.copy(FOLDER / "stack-overwrite" / "recipe.json", recipe)
    image = FOLDER / "stack-overwrite" / "program.elf"

    assert emulator("run", recipe, "--image", image).returncode == 0


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.json"
    shutil.copy(FOLDER / "stack-overwrite" / "recipe.json", recipe)

    done = emulator("run", recipe)

    assert (done.returncode, "images[0].sha256" in done.stderr) == (2, True)


def test_a_livelock_has_a_status_of_its_own() -> None:
    done = emulator("run", "execute-without-rf")

    assert (done.returncode, lines(done)[-1]["outcome"]) == (3, "livelock")


def test_a_variant_makes_another_recipe() -> None:
    last = lines(emulator("run", "execute-without-rf", "--variant", "g-bare"))[-1]

    assert last["outcome"] == "completed"
    assert last["recipe"] != load("execute-without-rf").recipe.id


def test_an_unknown_variant_is_refused() -> None:
    done = emulator("run", "watched-counter", "--variant", "zz")

    assert (done.returncode, "variant.base" in done.stderr) == (2, True)


def test_the_limit_of_events_ends_the_run() -> None:
    done = emulator("run", "watched-counter", "--limit-events", "50")

    assert (done.returncode, lines(done)[-1]["outcome"]) == (5, "limit_reached")


def test_the_lines_go_to_a_file_and_the_result_to_both(tmp_path: Path) -> None:
    target = tmp_path / "events.jsonl"

    done = emulator("run", "stack-overwrite", "--out", target)

    assert done.stdout == target.read_text(encoding="utf-8").splitlines()[-1] + "\n"


def test_registers_stand_with_the_hits() -> None:
    events = lines(emulator("run", "stack-overwrite", "--registers"))[:-1]
    (first, *_) = [event for event in events if event["kind"] == "HIT"]

    assert first["registers"]["rip"] == first["rip"]


def test_a_reader_that_leaves_ends_the_run_quietly() -> None:
    command = [sys.executable, "-m", "emulator", "run", "two-cpus-race"]
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(1)
        child.stdout.close()
        complaint = child.stderr.read()

    assert (child.returncode, complaint) == (141, b"")


@pytest.mark.parametrize("arguments", [(), ("fly",), ("run",), ("run", "no-such-file")])
def test_a_wrong_command_line_has_status_two(arguments: tuple[str, ...]) -> None:
    assert emulator(*arguments).returncode == 2


def test_the_web_is_not_imported() -> None:
    code = (
        "import sys, emulator.__main__; "
        "print({'django', 'celery', 'channels', 'redis'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )

    assert done.stdout == "set()\n"
