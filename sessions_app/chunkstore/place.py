"""The store of this installation, and the keys of a chunk's blocks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from sessions_app.chunkstore.database import DatabaseStore
from sessions_app.chunkstore.directory import DirectoryStore
from sessions_app.chunkstore.layered import LayeredStore
from sessions_app.chunkstore.store import ChunkStore
from sessions_app.models import EventChunk

BLOCKS = ("hot", "cold", "side")


def chunk_store() -> ChunkStore:
    """The one that the settings choose."""
    if settings.CHUNK_DIR:
        return LayeredStore(DirectoryStore(Path(settings.CHUNK_DIR)), DatabaseStore())
    return DatabaseStore()


def block_key(run_id: UUID, epoch: int, first_seq: int, n: int, block: str) -> str:
    """Equal keys are equal bytes: a run is a function of its recipe, under one epoch."""
    return f"{run_id}/{epoch}/{first_seq}-{n}.{block}"


# Chunks are immutable; the run's random id guards against a key that a rolled-back
# transaction gave back.
@lru_cache(maxsize=1 << 14)
def _place(pk: int, run_id: UUID) -> tuple[int, int, int, bool]:
    return EventChunk.objects.values_list("epoch", "first_seq", "n", "texts").get(
        pk=pk, run_id=run_id
    )


def read_block(pk: int, run_id: UUID, block: str) -> bytes:
    """A block of a chunk. Raises EventChunk.DoesNotExist and BlockMissing."""
    return read_blocks(pk, run_id, block)[0]


def read_blocks(pk: int, run_id: UUID, *blocks: str) -> list[bytes]:
    """Blocks of one chunk in this order; no texts are an empty block."""
    epoch, first_seq, n, texts = _place(pk, run_id)
    store = chunk_store()
    return [
        b""
        if block == "side" and not texts
        else store.get(block_key(run_id, epoch, first_seq, n, block))
        for block in blocks
    ]


def discard(keys: Iterable[str]) -> None:
    """Forget blocks together with the rows that named them: never before."""
    wanted = list(keys)
    store = chunk_store()
    if store.transactional:
        store.delete(wanted)
    else:
        transaction.on_commit(lambda: store.delete(wanted))
