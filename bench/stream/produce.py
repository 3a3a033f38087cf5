"""``python -m bench.stream.produce``: the process that records; see bench.stream.recording."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hwbpweb.settings")
    django.setup()
    # Models exist only after the line above.
    sys.exit(import_module("bench.stream.recording").main())
