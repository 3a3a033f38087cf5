"""Runs the comparison with the slow stepper for as long as wanted.

``python -m emulator.tests.target.fuzz MINUTES [SEED]``: each round has a seed of its own,
printed with the number of examples; a finding ends the run with the smallest program.
"""

from __future__ import annotations

import sys
import time

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from emulator.tests.target.programs import Step, loop, programs
from emulator.tests.target.test_against_stepper import Armed, expected, seen, slots

_EXAMPLES = 500


def _round(number: int) -> None:
    @seed(number)
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(programs, slots, st.integers(1, 5))
    def agree(program: list[Step], armed: list[Armed], times: int) -> None:
        whole = loop(program, times) if times > 1 else program
        assert seen(whole, armed) == expected(whole, armed)

    agree()


def main(arguments: list[str]) -> int:
    """Exit status 1 after a finding."""
    minutes = float(arguments[0]) if arguments else 1.0
    number = int(arguments[1]) if len(arguments) > 1 else 1
    began, first = time.monotonic(), number
    while time.monotonic() - began < minutes * 60:
        try:
            _round(number)
        except AssertionError as error:
            sys.stdout.write(f"seed {number}: {error}\n")
            return 1
        number += 1
    done = (number - first) * _EXAMPLES
    sys.stdout.write(f"seeds {first}..{number - 1}: {done} examples, no difference\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
