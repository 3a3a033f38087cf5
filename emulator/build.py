"""Which emulator this is: the version, and a hash of all that a run depends on.

A version is a promise of releases; what was computed with a changed tree between two of
them must not be taken for the release's.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from emulator import __version__

_FOLDER = Path(__file__).parent
_KINDS = {".py", ".toml", ".elf"}


@cache
def build_id() -> str:
    """``0.1.0+`` and twelve hex digits over the package's files, tests left out."""
    told = hashlib.sha256()
    for path in sorted(_FOLDER.rglob("*")):
        name = path.relative_to(_FOLDER)
        if path.suffix in _KINDS and "tests" not in name.parts:
            told.update(str(name).encode() + b"\0")
            told.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{__version__}+{told.hexdigest()[:12]}"
