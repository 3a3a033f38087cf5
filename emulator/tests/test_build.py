"""Which emulator this is."""

from __future__ import annotations

import re
import subprocess
import sys

from emulator import __version__
from emulator.build import build_id


def test_it_begins_with_the_version() -> None:
    assert re.fullmatch(re.escape(__version__) + r"\+[0-9a-f]{12}", build_id())


def test_another_process_says_the_same() -> None:
    script = "from emulator.build import build_id; print(build_id())"
    said = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True
    )

    assert said.stdout.strip() == build_id()
