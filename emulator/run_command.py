"""``python -m emulator run``: a recipe on the command line (docs/events.md).

Events go out as JSON lines while they happen, the result with the digest last.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from emulator.engine import RunResult, run
from emulator.errors import EmulatorError, RecipeError
from emulator.events import Outcome
from emulator.programs.elf import MAX_IMAGE
from emulator.recipe import Recipe, derive, parse
from emulator.scenarios import load, scenario_ids
from emulator.trace.event_lines import batch_lines
from emulator.wire import Batch

REFUSED = 2
OTHER_OUTCOME = 8
INTERRUPTED = 130
READER_GONE = 141
EXIT_STATUS = {
    Outcome.completed: 0,
    Outcome.livelock: 3,
    Outcome.guest_fault: 4,
    Outcome.limit_reached: 5,
    Outcome.deadlock: 6,
    Outcome.wall_limit: 7,
}

Images = Mapping[str, bytes]


@dataclass(slots=True)
class _Printer:
    """The sink of a run: batches in, lines out."""

    out: TextIO
    registers: bool

    def __call__(self, batch: Batch) -> None:
        for line in batch_lines(batch, registers=self.registers):
            self.out.write(line + "\n")


def main(arguments: Sequence[str]) -> int:
    """Run one recipe; returns the exit status of docs/events.md."""
    options = _parser().parse_args(arguments)
    try:
        recipe, images = load_recipe(options.recipe, options.image)
        recipe = derive(recipe, options.variant, options.limit_events)
        result = _run(recipe, images, options.out, registers=options.registers)
    except EmulatorError as error:
        where = f"{error.field}: " if error.field else ""
        sys.stderr.write(f"{error.code}: {where}{error.detail}\n")
        return REFUSED
    except BrokenPipeError:
        # The reader has seen enough (``| head``). Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'output'}: {error.strerror}\n")
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    return EXIT_STATUS.get(result.outcome, OTHER_OUTCOME)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator run",
        description="Run a recipe and print its events as JSON lines, the digest last.",
        epilog=f"Scenarios: {', '.join(scenario_ids())}. Exit status: docs/events.md.",
    )
    parser.add_argument("recipe", help="a recipe file or the id of a scenario")
    parser.add_argument("--variant", help="run on this variant instead")
    parser.add_argument("--out", type=Path, help="write the lines to this file")
    parser.add_argument(
        "--limit-events", type=int, metavar="N", help="lower limits.events to N"
    )
    parser.add_argument(
        "--image",
        type=Path,
        action="append",
        default=[],
        help="a program image (else: files beside the recipe)",
    )
    parser.add_argument(
        "--registers", action="store_true", help="print the snapshots of events too"
    )
    return parser


def load_recipe(name: str, given: Iterable[Path]) -> tuple[Recipe, Images]:
    """Recipe and images by scenario id or by file. Raises RecipeError, OSError."""
    if name in scenario_ids():
        scenario = load(name)
        return scenario.recipe, scenario.images
    path = Path(name)
    recipe = parse(path.read_bytes())
    return recipe, find_images(recipe, [*given, *sorted(path.parent.iterdir())])


def find_images(recipe: Recipe, candidates: Iterable[Path]) -> Images:
    """The recipe's images among these files, by SHA-256. Raises RecipeError."""
    wanted = {image.sha256 for image in recipe.images}
    found: dict[str, bytes] = {}
    for path in candidates:
        if wanted == set(found):
            break
        if not path.is_file() or path.stat().st_size > MAX_IMAGE:
            continue
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest in wanted:
            found[digest] = data
    for number, image in enumerate(recipe.images):
        if image.sha256 not in found:
            raise RecipeError(
                f"no file beside the recipe and no --image has this SHA-256 "
                f"({image.sha256})",
                field=f"images[{number}].sha256",
            )
    return found


def _run(
    recipe: Recipe, images: Images, target: Path | None, *, registers: bool
) -> RunResult:
    with ExitStack() as files:
        out = sys.stdout
        if target is not None:
            out = files.enter_context(target.open("w", encoding="utf-8"))
        result = run(recipe, images, _Printer(out, registers))
        last = json.dumps(result_line(recipe, result), separators=(",", ":")) + "\n"
        out.write(last)
        if target is not None:
            sys.stdout.write(last)
    return result


def result_line(recipe: Recipe, result: RunResult) -> dict[str, Any]:
    """The last line: how the run ended, and its digest."""
    return {**result.to_json(), "recipe": recipe.id}
