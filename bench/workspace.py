"""``manage.py bench workspace``: what the session page asks of a run of a million hits.

Two loops, of a thousand hits and of a million, are really emulated and stored as a worker
stores them, in a database of its own; beside them a million hits on four CPUs that were
only generated, and do not repeat themselves as a loop does. Each figure is of one request through the whole web
stack, the best of five, and the first one of a process that has not seen the run.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path

import django
from django.core.management import call_command

from bench.servers import redis_server

#: Ten events a hit and the limit of ten million events make it a little less than a million.
SIZES = (1_000, 999_000)


def main() -> int:
    """Print the tables in Markdown."""
    with tempfile.TemporaryDirectory() as folder, redis_server() as redis_url:
        place = Path(folder)
        os.environ["HWBPWEB_DATA"] = folder
        os.environ["DATABASE_URL"] = f"sqlite:///{place / 'bench.sqlite3'}"
        os.environ["REDIS_URL"] = redis_url
        os.environ["DJANGO_SETTINGS_MODULE"] = "hwbpweb.settings"
        django.setup()
        call_command("migrate", verbosity=0)
        # Models exist only after setup.
        figures = importlib.import_module("bench.workspace_figures")
        for line in figures.table(SIZES):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    return 0
