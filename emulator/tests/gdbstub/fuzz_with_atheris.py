"""Coverage-guided fuzzing of the stub. atheris is no dependency of this project::

    python -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris
    /tmp/fuzz/bin/python -m emulator.tests.gdbstub.fuzz_with_atheris corpus/ -max_total_time=300

New inputs appear in the folder. -merge=1 new/ corpus/ keeps those that reach more;
they belong into fuzz-corpus.tar.xz, which test_fuzz.py runs.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["emulator.gdbstub"]):
    from emulator.tests.gdbstub.fuzzing import survives


def one_input(data: bytes) -> None:
    """What libFuzzer calls."""
    if len(data) > 2:
        assert survives(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
