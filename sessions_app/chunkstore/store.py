"""What a chunk store can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from sessions_app.errors import DomainError


class BlockMissing(DomainError):
    """A row names a block that the chunk store does not have."""

    code = "block_missing"
    status = HTTPStatus.INTERNAL_SERVER_ERROR


class ChunkStore(Protocol):
    """Immutable bytes by key. A key is lower-case letters, digits, ``-``, ``.``, ``/``."""

    transactional: bool
    """Whether what is put and deleted takes part in the database's transaction. Where it
    does not, blocks are put before the row that names them and deleted after it."""

    def put(self, blocks: Mapping[str, bytes]) -> None:
        """Keep all of them; what is there under a key already stays: it is the same."""

    def get(self, key: str) -> bytes:
        """Raises BlockMissing."""

    def delete(self, keys: Iterable[str]) -> None:
        """Forget; unknown keys do not matter."""

    def older_than(self, moment: datetime) -> Iterator[str]:
        """Keys of blocks that were put before."""
