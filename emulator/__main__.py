"""``python -m emulator``: run a recipe, compare two, compute the matrix, replay vectors.

Exit status 2 for a command line that cannot be understood; see the commands for theirs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from emulator import compare_command, conform, matrix_command, run_command

COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run_command.main,
    "compare": compare_command.main,
    "conform": conform.main,
    "matrix": matrix_command.main,
}

USAGE = """usage: python -m emulator run RECIPE [--variant V] [--out FILE] [--limit-events N]
       python -m emulator compare RECIPE [RECIPE2] [--variant LEFT --variant RIGHT] [--json]
       python -m emulator conform VECTORS.json [--category C] [--list-deviations]
       python -m emulator matrix [--scenario W …] [--variant V …] [--json]
"""


def main(arguments: Sequence[str]) -> int:
    """Dispatch to a command; its return value is the exit status."""
    if arguments and arguments[0] in COMMANDS:
        return COMMANDS[arguments[0]](arguments[1:])
    if arguments and arguments[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return 0
    sys.stderr.write(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
