"""``manage.py bench answers``: how soon the service does what it is told.

Starts ``manage.py up`` with a folder of its own and commands it over REST; each figure is
the best of several, because others use the machine, and has a bound that it must keep.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile

import django


def main() -> int:
    """The table in Markdown; 1 when a bound was missed."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HWBPWEB_DATA"] = folder
        os.environ.setdefault("HWBPWEB_LOG_LEVEL", "WARNING")
        os.environ["DJANGO_SETTINGS_MODULE"] = "hwbpweb.settings"
        django.setup()
        # Models exist only after setup.
        figures = importlib.import_module("bench.answers_figures").figures
        sys.stdout.write("| what | ms | at most |\n|---|---|---|\n")
        missed = sum(_told(*figure) for figure in figures())
        return 1 if missed else 0


def _told(words: str, seconds: float, bound: float) -> bool:
    """Whether it came too late."""
    late = " **missed**" if seconds > bound else ""
    cells = f"{seconds * 1e3:,.0f}{late} | {bound * 1e3:,.0f}"
    sys.stdout.write(f"| {words} | {cells} |\n")
    sys.stdout.flush()
    return bool(late)
