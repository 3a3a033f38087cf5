"""Blocks as files of a directory that all processes of the installation share."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from sessions_app.chunkstore.store import BlockMissing

_KEY = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+)*\.[a-z]+\Z")
_DRAFT = ".draft"


class DirectoryStore:
    """A file for each key. A block is there whole or not at all, also after a crash."""

    transactional = False

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, blocks: Mapping[str, bytes]) -> None:
        """Written beside its place and synced, then moved there."""
        for key, data in blocks.items():
            path = self._path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            number, draft = tempfile.mkstemp(suffix=_DRAFT, dir=path.parent)
            with os.fdopen(number, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            Path(draft).replace(path)

    def get(self, key: str) -> bytes:
        """The file."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise BlockMissing(f"no block {key}") from error

    def delete(self, keys: Iterable[str]) -> None:
        """And the folders that became empty."""
        for key in keys:
            path = self._path(key)
            path.unlink(missing_ok=True)
            for folder in path.relative_to(self._root).parents[:-1]:
                try:
                    (self._root / folder).rmdir()
                except OSError:
                    break  # not empty, or somebody else was faster

    def older_than(self, moment: datetime) -> Iterator[str]:
        """By the time of the file; drafts that a crash left are keys of nothing, and go."""
        limit = moment.timestamp()
        for path in sorted(self._root.rglob("*")):
            if not path.is_file() or path.stat().st_mtime >= limit:
                continue
            if path.suffix == _DRAFT:
                path.unlink(missing_ok=True)
            else:
                yield path.relative_to(self._root).as_posix()

    def _path(self, key: str) -> Path:
        if not _KEY.match(key):
            raise ValueError(f"{key!r} is no key of a block")
        return self._root / key
