"""Equal records are equal bytes, however often and on whatever database.

test_postgresql.py runs all of this on PostgreSQL too, and compares the two.
"""

from __future__ import annotations

import hashlib

import pytest
from django.contrib.auth.models import User

from sessions_app.chunkstore import BLOCKS, read_blocks
from sessions_app.models import EventChunk, Run
from sessions_app.tests.recorded import recorded_run


def stored(run: Run) -> list[tuple[int, int, str]]:
    """Place, length and hash of all blocks of each chunk."""
    return [
        (
            chunk.first_seq,
            chunk.n,
            hashlib.sha256(
                b"".join(read_blocks(chunk.pk, run.pk, *BLOCKS))
            ).hexdigest(),
        )
        for chunk in EventChunk.objects.filter(run=run).order_by("first_seq")
    ]


@pytest.mark.parametrize("slug", ["watched-counter", "two-cpus-race"])
def test_a_run_done_twice_is_stored_in_the_same_bytes(alice: User, slug: str) -> None:
    first, second = (recorded_run(alice, slug) for _ in "ab")

    assert first.digest == second.digest != ""
    assert stored(first) == stored(second)


def test_a_run_leaves_full_chunks_and_one_tail(alice: User) -> None:
    run = recorded_run(alice, "two-cpus-race")
    sizes = [n for _, n, _ in stored(run)]

    assert sum(sizes) == run.events
    assert all(n == 4096 for n in sizes[:-1])
