"""``python -m emulator compare``: one recipe on two variants, or two recipes (docs/compare.md).

Both sides run here, one after the other. What goes out is where they part first, what is
around it, and which sorts of differences there are; not the equal events.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator.compare_lines import comparison_lines
from emulator.engine import RunResult, run
from emulator.errors import EmulatorError
from emulator.recipe import Recipe, derive
from emulator.run_command import (
    INTERRUPTED,
    READER_GONE,
    REFUSED,
    Images,
    load_recipe,
    result_line,
)
from emulator.scenarios import load, scenario_ids
from emulator.trace.compare.as_json import rows, summary
from emulator.trace.compare.comparison import Comparison, compare, compare_with_itself
from emulator.trace.compare.outline import ended_whole, outline
from emulator.trace.compare.recording import Keeper, Recording
from emulator.trace.compare.told import Teller

EQUAL, DIFFER = 0, 1
_ROWS = 20
_MAX_ROWS = 10_000


class NothingToCompare(EmulatorError):
    """The command line names one side only."""

    code = "nothing_to_compare"


@dataclass(frozen=True, slots=True)
class Side:
    """A recipe that ran, and what it recorded."""

    name: str
    recipe: Recipe
    result: RunResult
    recording: Recording


def main(arguments: Sequence[str]) -> int:
    """Run both sides and compare; returns the exit status of docs/compare.md."""
    options = _parser().parse_args(arguments)
    try:
        left, right = _sides(options)
        found = _compare(left, right)
        teller = Teller(found)
        if options.json:
            sys.stdout.write(_json(teller, left, right, options.limit or _ROWS))
        else:
            heads = [_head(side) for side in (left, right)]
            for line in comparison_lines(teller, heads, options.limit or 1):
                sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except EmulatorError as error:
        where = f"{error.field}: " if error.field else ""
        sys.stderr.write(f"{error.code}: {where}{error.detail}\n")
        return REFUSED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'output'}: {error.strerror}\n")
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    return EQUAL if found.equal else DIFFER


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator compare",
        description="Run two recipes, or one on two variants, and say where they part.",
        epilog=f"Scenarios: {', '.join(scenario_ids())}. Exit status: docs/compare.md.",
    )
    parser.add_argument(
        "recipe",
        nargs="+",
        help="one or two recipe files or ids of scenarios; one scenario without"
        " --variant: its version with the fault and the one without",
    )
    parser.add_argument(
        "--variant",
        action="append",
        default=[],
        help="twice: left and right; once with one recipe: right, left stays as written",
    )
    parser.add_argument(
        "--image", type=Path, action="append", default=[], help="a program image"
    )
    parser.add_argument(
        "--limit",
        type=_whole,
        metavar="N",
        help=f"tell N differences line by line (default 1, with --json {_ROWS})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _whole(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _MAX_ROWS:
        raise argparse.ArgumentTypeError(f"1 to {_MAX_ROWS} are allowed")
    return number


def _sides(options: argparse.Namespace) -> tuple[Side, Side]:
    names: list[str] = options.recipe
    variants: list[str] = options.variant
    if len(names) > 2 or len(variants) > 2:
        raise NothingToCompare("two sides are compared: at most two of each")
    if len(names) == 1 and not variants:
        return _story(names[0])
    if len(variants) < 2:
        left = variants[0] if variants and len(names) == 2 else None
        chosen = [left, variants[0] if variants else None]
    else:
        chosen = list(variants)
    left_side = _run(names[0], chosen[0], options.image)
    return left_side, _run(names[-1], chosen[1], options.image)


def _story(name: str) -> tuple[Side, Side]:
    """The first two versions of a scenario that has such, as it orders them."""
    versions = load(name).versions if name in scenario_ids() else ()
    if len(versions) < 2:
        raise NothingToCompare(
            "name a second recipe, or the --variant of the right side"
        )
    images = load(name).images
    left, right = (
        _record(f"{name}, {version.label}", version.recipe, images)
        for version in versions[:2]
    )
    return left, right


def _run(name: str, variant: str | None, images: Sequence[Path]) -> Side:
    recipe, found = load_recipe(name, images)
    return _record(name, derive(recipe, variant, None), found)


def _record(name: str, recipe: Recipe, images: Images) -> Side:
    keeper = Keeper()
    result = run(recipe, images, keeper)
    return Side(name, recipe, result, keeper.recording())


def _compare(left: Side, right: Side) -> Comparison:
    one = outline(left.recording, whole=ended_whole(left.result.outcome))
    if left.result.digest and left.result.digest == right.result.digest:
        return compare_with_itself(one)
    return compare(
        one, outline(right.recording, whole=ended_whole(right.result.outcome))
    )


def _head(side: Side) -> str:
    result, variant = side.result, side.recipe.to_json()["variant"]
    switches = ", ".join(f"{k} {v}" for k, v in (variant.get("set") or {}).items())
    kernel = f"{variant['base']}{f' with {switches}' if switches else ''}"
    return (
        f"{side.name} on {kernel}: {result.outcome.name}, "
        f"{result.events} events, {result.hits} hits"
    )


def _json(teller: Teller, left: Side, right: Side, limit: int) -> str:
    told, _ = rows(teller, 0, limit)
    value = {
        "left": result_line(left.recipe, left.result),
        "right": result_line(right.recipe, right.result),
        **summary(teller),
        "results": told,
    }
    return json.dumps(value, ensure_ascii=False) + "\n"
