"""Two stores as one: the new place of blocks, and the one that they are moving from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sessions_app.chunkstore.store import BlockMissing, ChunkStore


class LayeredStore:
    """Writes to the first store; reads what the second still has from before. So an
    installation moves its blocks without a day on which they are nowhere."""

    def __init__(self, first: ChunkStore, second: ChunkStore) -> None:
        self._first = first
        self._second = second
        self.transactional = first.transactional

    def put(self, blocks: Mapping[str, bytes]) -> None:
        """To the first."""
        self._first.put(blocks)

    def get(self, key: str) -> bytes:
        """From the first that has it."""
        try:
            return self._first.get(key)
        except BlockMissing:
            return self._second.get(key)

    def delete(self, keys: Iterable[str]) -> None:
        """From both."""
        wanted = list(keys)
        self._first.delete(wanted)
        self._second.delete(wanted)

    def older_than(self, moment: datetime) -> Iterator[str]:
        """Of both."""
        yield from self._first.older_than(moment)
        yield from self._second.older_than(moment)
