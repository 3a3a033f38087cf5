"""``python -m bench NAME``; ``manage.py bench NAME`` comes here."""

from __future__ import annotations

import sys

from bench import target

BENCHMARKS = {"target": target.main}


def main(arguments: list[str]) -> int:
    """Run one benchmark. Exit status 2 for an unknown name."""
    if arguments[:1] == ["bench"]:
        arguments = arguments[1:]  # called by manage.py
    if len(arguments) == 1 and arguments[0] in BENCHMARKS:
        return BENCHMARKS[arguments[0]]()
    sys.stderr.write(f"usage: manage.py bench {{{','.join(BENCHMARKS)}}}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
