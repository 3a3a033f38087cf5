"""The name under which the static files of this version are served.

Modules import each other by relative address. With the version in front of all of them
a page gets files of one version, and a browser may keep them for good.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_DIGITS = 12


def static_version(folder: Path, requirements: Path) -> str:
    """Of the files in a folder, and of what packages bring along: hexadecimal."""
    digest = hashlib.sha256(requirements.read_bytes())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).digest()
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()[:_DIGITS]
