"""``python -m emulator matrix``: the table of rows and kernel variants, computed.

Every cell is a run of its own. With --json: row → variant → word (decisions D14).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence

from emulator.errors import EmulatorError, RecipeError
from emulator.matrix import MatrixScenario, matrix_scenarios
from emulator.matrix.cells import Cell, run_cell
from emulator.variants import variant_ids, variant_named

REFUSED = 2


def main(arguments: Sequence[str]) -> int:
    """Exit status 0: computed; 2: an unknown row or variant."""
    options = _parser().parse_args(arguments)
    try:
        rows = _rows(options.scenario)
        variants = _variants(options.variant)
    except EmulatorError as error:
        sys.stderr.write(f"{error.code}: {error.field}: {error.detail}\n")
        return REFUSED
    table = {
        name: {variant: run_cell(row, variant) for variant in variants}
        for name, row in rows.items()
    }
    sys.stdout.write(_as_json(table) if options.json else _as_text(table, rows))
    if options.recipes:
        for name, cells in table.items():
            for variant, cell in cells.items():
                sys.stderr.write(f"{name} {variant} {cell.recipe.id} {cell.digest}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator matrix", description=__doc__
    )
    parser.add_argument(
        "--scenario", nargs="+", action="extend", metavar="W", help="only these rows"
    )
    parser.add_argument(
        "--variant", nargs="+", action="extend", metavar="V", help="only these kernels"
    )
    parser.add_argument("--json", action="store_true", help="row → variant → word")
    parser.add_argument(
        "--recipes",
        action="store_true",
        help="recipe id and digest of every cell, on standard error",
    )
    return parser


def _rows(wanted: Sequence[str] | None) -> Mapping[str, MatrixScenario]:
    known = matrix_scenarios()
    for name in wanted or ():
        if name not in known:
            raise RecipeError(
                f"unknown row {name!r:.80}; known: {', '.join(known)}", field="scenario"
            )
    return known if wanted is None else {name: known[name] for name in wanted}


def _variants(wanted: Sequence[str] | None) -> list[str]:
    if wanted is None:
        return list(variant_ids())
    for name in wanted:
        variant_named(name, "variant")
    return list(wanted)  # under the name that was asked for, be it a short one


def _as_json(table: Mapping[str, Mapping[str, Cell]]) -> str:
    words = {
        name: {variant: cell.word for variant, cell in cells.items()}
        for name, cells in table.items()
    }
    return json.dumps(words, indent=1) + "\n"


def _as_text(
    table: Mapping[str, Mapping[str, Cell]], rows: Mapping[str, MatrixScenario]
) -> str:
    variants = list(next(iter(table.values()), {}))
    width = max([len(v) for v in variants] + [9]) + 1
    lines = ["".ljust(5) + "".join(v.rjust(width) for v in variants)]
    for name, cells in table.items():
        words = "".join(cells[v].word.rjust(width) for v in variants)
        lines.append(f"{name.ljust(5)}{words}  {rows[name].title}")
    return "\n".join(lines) + "\n"
