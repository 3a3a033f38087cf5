"""Where the bytes of chunks are: by key, behind one small interface.

Rows of EventChunk say what there is; blocks are immutable and found by a key that the row
implies. The database keeps them unless HWBPWEB_CHUNK_DIR names a directory; an object
store is a third class with the same five methods.
"""

from sessions_app.chunkstore.place import (
    BLOCKS,
    block_key,
    chunk_store,
    discard,
    read_block,
    read_blocks,
)
from sessions_app.chunkstore.store import BlockMissing, ChunkStore

__all__ = [
    "BLOCKS",
    "BlockMissing",
    "ChunkStore",
    "block_key",
    "chunk_store",
    "discard",
    "read_block",
    "read_blocks",
]
