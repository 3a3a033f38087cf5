"""``python -m emulator``: run a recipe, or replay oracle vectors.

Exit status 2 for a command line that cannot be understood; see the commands for theirs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from emulator import conform, run_command

COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run_command.main,
    "conform": conform.main,
}

USAGE = """usage: python -m emulator run RECIPE [--variant V] [--out FILE] [--limit-events N]
       python -m emulator conform VECTORS.json [--category C] [--list-deviations]
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
