"""``python -m bench NAME``; ``manage.py bench NAME`` comes here."""

from __future__ import annotations

import sys

from bench import answers, compare, gdb, mail, store, target, workspace
from bench.stream import report as stream

BENCHMARKS = {
    "answers": answers.main,
    "target": target.main,
    "compare": compare.main,
    "gdb": gdb.main,
    "mail": mail.main,
    "store": store.main,
    "stream": stream.main,
    "workspace": workspace.main,
}


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
