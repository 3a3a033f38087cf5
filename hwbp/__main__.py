"""``python -m hwbp``, ``hwbp``."""

from __future__ import annotations

import sys

from hwbp.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
