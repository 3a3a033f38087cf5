"""Blocks in the database: nothing to set up, one transaction with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sessions_app.chunkstore.store import BlockMissing
from sessions_app.models import StoredBlock

#: Fewer than the variables that SQLite takes in one statement.
_AT_ONCE = 200


class DatabaseStore:
    """A table of keys and bytes."""

    transactional = True

    def put(self, blocks: Mapping[str, bytes]) -> None:
        """One statement for many."""
        rows = [StoredBlock(key=key, data=data) for key, data in blocks.items()]
        StoredBlock.objects.bulk_create(
            rows, batch_size=_AT_ONCE, ignore_conflicts=True
        )

    def get(self, key: str) -> bytes:
        """By primary key."""
        found = StoredBlock.objects.filter(pk=key).values_list("data", flat=True)
        for data in found:
            return bytes(data)
        raise BlockMissing(f"no block {key}")

    def delete(self, keys: Iterable[str]) -> None:
        """In pieces."""
        wanted = list(keys)
        for at in range(0, len(wanted), _AT_ONCE):
            StoredBlock.objects.filter(pk__in=wanted[at : at + _AT_ONCE]).delete()

    def older_than(self, moment: datetime) -> Iterator[str]:
        """Page by page, so that no cursor is open while others delete."""
        last = ""
        while True:
            page = list(
                StoredBlock.objects.filter(pk__gt=last, created_at__lt=moment)
                .order_by("pk")
                .values_list("pk", flat=True)[:_AT_ONCE]
            )
            if not page:
                return
            yield from page
            last = page[-1]
