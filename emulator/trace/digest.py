"""The digest of a run (docs/events.md): computed while it is recorded, and from a store."""

from __future__ import annotations

import hashlib

from emulator.events import CODEC_VERSION

Buffer = bytes | memoryview


class TraceDigest:
    """SHA-256 over versions, records, snapshots, side table and outcome.

    The three parts are hashed as streams of their own, so that the cutting into batches
    or chunks, which depends on time, cannot show.
    """

    def __init__(self) -> None:
        self._parts = [hashlib.sha256() for _ in range(3)]

    def add(self, records: Buffer, snapshots: Buffer, texts: Buffer) -> None:
        """What follows; texts as emulator.wire.encode_texts writes them."""
        for digest, part in zip(self._parts, (records, snapshots, texts), strict=True):
            digest.update(part)

    def hexdigest(self, emulator_version: str, outcome: int) -> str:
        """64 hex digits."""
        whole = hashlib.sha256()
        whole.update(f"{CODEC_VERSION}\n{emulator_version}\n{outcome}\n".encode())
        for part in self._parts:
            whole.update(part.digest())
        return whole.hexdigest()
