#!/usr/bin/env python3
"""``up`` starts everything, ``test`` checks everything; other commands are Django's.

Needs nothing but Python: hwbpweb/bootstrap.py makes the environment.
"""

from __future__ import annotations

import sys

from hwbpweb.bootstrap import main

if __name__ == "__main__":
    main(sys.argv)
