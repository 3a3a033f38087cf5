"""Checks all of a bundle: nothing of it is believed that can be computed."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from emulator.errors import BundleError, CodecError
from emulator.events import EventFlag, EventKind, Invariant, Outcome
from emulator.trace.bundle.archive import Archive
from emulator.trace.bundle.fields import Json
from emulator.trace.bundle.layout import (
    BLOCK,
    IMAGE,
    MOST_TEXT,
    PATCH,
    RECIPE,
    SNAPSHOTS_PER_EVENT,
    block_name,
    image_name,
)
from emulator.trace.bundle.manifest import (
    read_commands,
    read_manifest,
)
from emulator.trace.bundle.remarks import read_annotations
from emulator.trace.codec import (
    CHUNK_EVENTS,
    ChunkStats,
    HotColumns,
    chunk_stats,
    decode_hot,
    decode_records,
    decode_side,
    decode_snapshots,
)
from emulator.trace.digest import TraceDigest
from emulator.trace.dtype import Array
from emulator.trace.names import enum_name
from emulator.wire import encode_texts

#: The digest covers these (docs/events.md).
_LAST_OWN_OUTCOME = 9


@dataclass(slots=True)
class _Trace:
    """What the records say themselves."""

    chunks: list[ChunkStats] = field(default_factory=list)
    events: int = 0
    hits: int = 0
    texts: int = 0
    last: Array | None = None
    violations: dict[int, int] = field(default_factory=dict)
    digest: TraceDigest = field(default_factory=TraceDigest)


def verify_bundle(data: bytes) -> Json:
    """What the bundle has, as far as it holds. Raises BundleError, which names the member
    and what is wrong with it. A recipe is only hashed here: its rules are others'."""
    archive = Archive(data)
    manifest = read_manifest(archive)
    recipe = archive.read(RECIPE)
    if hashlib.sha256(recipe).hexdigest() != manifest["run"]["recipe"]:
        raise BundleError("is not the recipe that run.recipe names", field=RECIPE)
    _check_images(archive, manifest["images"])
    found = _read_trace(archive)
    _check_end(manifest["run"], found)
    return {
        **manifest,
        "recipe": _utf8(recipe, RECIPE),
        "patch": _utf8(archive.read(PATCH), PATCH),
        "annotations": read_annotations(archive),
        "commands": read_commands(archive),
        "chunks": [asdict(stats) for stats in found.chunks],
        "events": found.events,
        "hits": found.hits,
        "retired": 0 if found.last is None else int(found.last["value"]),
        "violations": [
            {"name": enum_name(Invariant, number), "seq": seq}
            for number, seq in found.violations.items()
        ],
    }


def _utf8(data: bytes, name: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BundleError(f"is no UTF-8: {error}", field=name) from error
    if "\0" in text:
        raise BundleError("has a character U+0000", field=name)
    return text


def _check_images(archive: Archive, images: list[Json]) -> None:
    stated = [image["sha256"] for image in images]
    there = [m[1] for name in archive.names if (m := IMAGE.match(name))]
    if sorted(stated) != sorted(there):
        raise BundleError("images are not those that the manifest lists")
    for sha256 in stated:
        content = archive.read(image_name(sha256))
        if hashlib.sha256(content).hexdigest() != sha256:
            raise BundleError("is not what its name says", field=image_name(sha256))


def _read_trace(archive: Archive) -> _Trace:
    """All chunks in order, without a gap, each full but the last."""
    names = [name for name in archive.names if BLOCK.match(name)]
    firsts = sorted({int(name[6:26]) for name in names})
    found = _Trace()
    for index, first in enumerate(firsts):
        if first != found.events + 1:
            raise BundleError(f"events after {found.events} are missing")
        try:
            n = _read_chunk(archive, first, found)
        except CodecError as error:
            where = block_name(first, "hot")
            raise BundleError(f"is no chunk: {error.detail}", field=where) from error
        last = index == len(firsts) - 1
        if n > CHUNK_EVENTS or (n < CHUNK_EVENTS and not last):
            where = block_name(first, "hot")
            raise BundleError(
                f"{n} events; {CHUNK_EVENTS} stand in a chunk", field=where
            )
    return found


def _read_chunk(archive: Archive, first: int, found: _Trace) -> int:
    hot, cold = (archive.read(block_name(first, name)) for name in ("hot", "cold"))
    side_name = block_name(first, "side")
    side = archive.read(side_name) if side_name in archive else b""
    columns = decode_hot(hot)
    if columns.first_seq != first or columns.hits_before != found.hits:
        raise CodecError("is of another place in the run")
    records = decode_records(hot, cold)
    snapshots = _snapshots(cold, columns)
    texts = decode_side(side)
    packed = encode_texts(texts)
    found.texts += len(packed)
    if found.texts > MOST_TEXT:
        raise BundleError(f"more than {MOST_TEXT} bytes of texts", field=side_name)
    if any(not first <= seq < first + len(columns) for seq, _, _ in texts):
        raise BundleError("has a text of another chunk's event", field=side_name)
    found.digest.add(records.tobytes(), snapshots, packed)
    count = len(snapshots) // 376
    found.chunks.append(chunk_stats(records, count, columns.hits_before))
    _note_violations(records, found)
    found.events += len(columns)
    found.hits += len(columns.hit_rows)
    found.last = records[-1]
    return len(columns)


def _snapshots(cold: bytes, columns: HotColumns) -> bytes:
    """Bounded before they are unpacked, each of an event of this chunk."""
    count = int.from_bytes(cold[12:16], "little")
    if count > SNAPSHOTS_PER_EVENT * len(columns):
        raise CodecError(f"{count} snapshots of {len(columns)} events")
    snapshots = decode_snapshots(cold)
    seqs = np.frombuffer(snapshots, "<u8").reshape(-1, 47)[:, 0]
    first = columns.first_seq
    if len(seqs) and not (first <= seqs.min() and seqs.max() < first + len(columns)):
        raise CodecError("has a snapshot of another chunk's event")
    return snapshots


def _note_violations(records: Array, found: _Trace) -> None:
    rows = records[records["kind"] == EventKind.INVARIANT]
    for row in rows[(rows["flags"] & EventFlag.REPEAT) == 0]:
        found.violations.setdefault(int(row["aux"]), int(row["seq"]))


def _check_end(run: dict[str, Any], found: _Trace) -> None:
    """The outcome is that of the last event, and the digest that of all of them."""
    outcome = Outcome[run["outcome"]]
    own = outcome <= _LAST_OWN_OUTCOME
    if own and not run["digest"]:
        raise BundleError(f"run.digest: a run that is {run['outcome']} has one")
    if not own:
        if run["digest"]:
            raise BundleError(f"run.digest: a run that is {run['outcome']} has none")
        return
    if found.last is None or (int(found.last["kind"]), int(found.last["aux"])) != (
        EventKind.RUN_END,
        outcome,
    ):
        raise BundleError(f"the last event does not say {run['outcome']}")
    digest = found.digest.hexdigest(run["emulator"], outcome)
    if digest != run["digest"]:
        raise BundleError(
            f"the digest of these events is {digest}, stated: {run['digest']}"
        )
