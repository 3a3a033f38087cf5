"""What each chunk store promises; the same tests for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from sessions_app import selectors
from sessions_app.chunkstore import BlockMissing, ChunkStore, chunk_store, discard
from sessions_app.chunkstore.database import DatabaseStore
from sessions_app.chunkstore.directory import DirectoryStore
from sessions_app.chunkstore.layered import LayeredStore
from sessions_app.models import EventChunk, Run, StoredBlock
from sessions_app.services.chunks import chunks_delete
from sessions_app.tests.recorded import recorded_run

pytestmark = pytest.mark.django_db
ONE, TWO = "aa-1/1/1-4096.hot", "aa-1/1/1-4096.cold"
NEVER = timezone.now() + timedelta(days=1)


@pytest.fixture(params=["database", "directory", "layered"])
def store(request: Any, db: None, tmp_path: Path) -> Iterator[ChunkStore]:
    found: dict[str, ChunkStore] = {
        "database": DatabaseStore(),
        "directory": DirectoryStore(tmp_path),
        "layered": LayeredStore(DirectoryStore(tmp_path), DatabaseStore()),
    }
    yield found[request.param]


def test_what_is_put_is_there(store: ChunkStore) -> None:
    store.put({ONE: b"\0hot", TWO: b""})

    assert (store.get(ONE), store.get(TWO)) == (b"\0hot", b"")


def test_an_unknown_key_is_said(store: ChunkStore) -> None:
    with pytest.raises(BlockMissing, match=ONE):
        store.get(ONE)


def test_putting_the_same_again_changes_nothing(store: ChunkStore) -> None:
    store.put({ONE: b"hot"})
    store.put({ONE: b"hot", TWO: b"cold"})

    assert (store.get(ONE), store.get(TWO)) == (b"hot", b"cold")


def test_what_is_deleted_is_gone_and_the_rest_stays(store: ChunkStore) -> None:
    store.put({ONE: b"hot", TWO: b"cold"})
    store.delete([ONE])

    assert store.get(TWO) == b"cold"
    with pytest.raises(BlockMissing):
        store.get(ONE)


def test_deleting_what_is_not_there_is_no_error(store: ChunkStore) -> None:
    store.delete([ONE, "bb/2/1-5.hot"])

    assert list(store.older_than(NEVER)) == []


def test_many_blocks_at_once(store: ChunkStore) -> None:
    blocks = {f"aa/1/{n}-1.hot": bytes([n % 256]) for n in range(1000)}
    store.put(blocks)

    assert set(store.older_than(NEVER)) == set(blocks)
    store.delete(blocks)
    assert list(store.older_than(NEVER)) == []


def test_old_blocks_are_told_from_new_ones(store: ChunkStore) -> None:
    store.put({ONE: b"hot"})

    assert list(store.older_than(timezone.now() - timedelta(minutes=1))) == []
    assert list(store.older_than(NEVER)) == [ONE]


@pytest.mark.parametrize(
    "key", ["../x.hot", "/etc/passwd", "a/../b.hot", "", "a\0.hot"]
)
def test_a_directory_takes_no_key_that_leads_out_of_it(
    key: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="no key"):
        DirectoryStore(tmp_path).get(key)


def test_a_directory_leaves_no_empty_folders(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.put({ONE: b"hot"})
    store.delete([ONE])

    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_half_written_is_no_block(tmp_path: Path) -> None:
    draft = tmp_path / "aa" / "tmp1.draft"
    draft.parent.mkdir()
    draft.write_bytes(b"half")
    os.utime(draft, (0, 0))

    assert list(DirectoryStore(tmp_path).older_than(NEVER)) == []
    assert not draft.exists()


def test_a_layered_store_reads_what_was_put_before(tmp_path: Path) -> None:
    DatabaseStore().put({ONE: b"old"})
    store = LayeredStore(DirectoryStore(tmp_path), DatabaseStore())
    store.put({TWO: b"new"})

    assert (store.get(ONE), store.get(TWO)) == (b"old", b"new")
    assert not StoredBlock.objects.filter(pk=TWO).exists()


def test_the_database_store_takes_part_in_a_transaction() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        chunk_store().put({ONE: b"hot"})
        raise RuntimeError

    assert not StoredBlock.objects.exists()


def test_blocks_of_a_directory_go_when_the_row_is_gone_not_before(
    settings: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CHUNK_DIR = str(tmp_path)
    chunk_store().put({ONE: b"hot"})

    with django_capture_on_commit_callbacks() as after:
        discard([ONE])
    assert chunk_store().get(ONE) == b"hot"
    after[0]()
    with pytest.raises(BlockMissing):
        chunk_store().get(ONE)


@pytest.mark.parametrize("where", ["", "directory"])
def test_a_run_is_recorded_read_and_deleted_wherever_its_blocks_are(
    where: str,
    alice: User,
    settings: Any,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.CHUNK_DIR = str(tmp_path) if where else ""
    run = recorded_run(alice)

    records = selectors.records_from(run, 1, run.events)
    assert [r.seq for r in records] == list(range(1, run.events + 1))
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert bool(files) == (not StoredBlock.objects.exists()) == bool(where)

    with django_capture_on_commit_callbacks(execute=True):
        chunks_delete(EventChunk.objects.filter(run=run))
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    assert not StoredBlock.objects.exists()


def test_the_size_of_a_chunk_is_that_of_its_blocks(run: Run) -> None:
    sizes = sum(len(bytes(block.data)) for block in StoredBlock.objects.all())

    assert sum(EventChunk.objects.values_list("size", flat=True)) == sizes > 0
