"""Bundles as a test wants them: right ones, and right but for one thing."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable

from emulator.events import EventFlag, EventKind
from emulator.tests.trace.export.traces import hit, record, snapshot
from emulator.trace.bundle.write import bundle_bytes
from emulator.trace.codec import encode_chunk
from emulator.trace.record import Record, pack_records
from emulator.wire import encode_texts

CODE = bytes.fromhex("b90a000000")
SHA256 = hashlib.sha256(CODE).hexdigest()
RECIPE = b'{"format":1}'
VERSION = "0.1.0"
CHUNK = 4096


def events(count: int) -> list[Record]:
    """Hits, one broken invariant, and the end."""
    flags = int(EventFlag.REPEAT)
    made = [hit(seq, 10 * seq, seq) for seq in range(1, count - 2)]
    made.append(record(count - 2, EventKind.INVARIANT, aux=1))
    made.append(record(count - 1, EventKind.INVARIANT, aux=1, flags=flags))
    made.append(record(count, EventKind.RUN_END, aux=1, value=777))
    return made


def digest_by_document(
    records: bytes, snapshots: bytes, texts: bytes, outcome: int = 1
) -> str:
    """docs/events.md: versions and outcome, then the hash of each part."""
    whole = hashlib.sha256(f"1\n{VERSION}\n{outcome}\n".encode())
    for part in (records, snapshots, texts):
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def members(count: int = 5000) -> dict[str, bytes]:
    """Those of a whole bundle by name."""
    records = events(count)
    shots = b"".join(snapshot(r.seq) for r in records[:100])
    texts = [(1, 1, b"hello\n")]
    blocks: dict[str, bytes] = {}
    for at in range(0, count, CHUNK):
        part = records[at : at + CHUNK]
        chunk = encode_chunk(
            pack_records(part),
            shots if at == 0 else b"",
            texts if at == 0 else [],
            hits_before=at,
        )
        for name in ("hot", "cold", "side"):
            if block := getattr(chunk, name):
                blocks[f"trace/{at + 1:020d}.{name}"] = block
    digest = digest_by_document(pack_records(records), shots, encode_texts(texts))
    return {
        "manifest.json": json.dumps(manifest(digest)).encode(),
        "recipe.json": RECIPE,
        f"images/{SHA256}": CODE,
        "patch.txt": b"",
        "annotations.json": json.dumps([annotation()]).encode(),
        "commands.ndjson": b'{"cpu":0,"retired":1,"seq":1,"do":"data","data":"2b"}\n',
        **blocks,
    }


def annotation() -> dict:
    return {
        "author": "alice",
        "body": "Look at bit 3.",
        "of_run": True,
        "seq": 1,
        "register": "dr7",
        "patch_line": None,
        "resolved": False,
        "created_at": "2026-11-01T12:00:00+00:00",
    }


def manifest(digest: str) -> dict:
    return {
        "format": "hwbpweb-bundle",
        "version": 1,
        "from": {"where": "here.example", "who": "alice", "exported_at": "2026-11-01"},
        "session": {"title": "A counter", "description": "", "scenario": ""},
        "run": {
            "id": "0e3c2a04-0000-4000-8000-000000000000",
            "number": 3,
            "label": "",
            "recipe": hashlib.sha256(RECIPE).hexdigest(),
            "outcome": "completed",
            "detail": "",
            "digest": digest,
            "emulator": VERSION,
            "codec": 1,
            "started_at": None,
            "finished_at": "2026-11-01T12:00:00+00:00",
        },
        "images": [
            {
                "sha256": SHA256,
                "kind": "flat",
                "name": "counter",
                "source": "",
                "load": "0x401000",
                "entry": "_start",
                "symbols": {"_start": "0x401000"},
            }
        ],
    }


def packed(parts: dict[str, bytes]) -> bytes:
    """With right hashes."""
    return b"".join(bundle_bytes(parts.items()))


def with_manifest(change: Callable[[dict], object]) -> bytes:
    """Whole but for what change does to its manifest."""
    parts = members()
    told = json.loads(parts["manifest.json"])
    change(told)
    return packed(parts | {"manifest.json": json.dumps(told).encode()})


def zipped(parts: list[tuple[str, bytes]], **how: int) -> bytes:
    """A ZIP file of any members, without the list of hashes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **how) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return out.getvalue()
