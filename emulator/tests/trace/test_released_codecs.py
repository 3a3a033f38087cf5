"""Stored traces are readable for ever: one chunk of every released codec."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from emulator.events import CODEC_VERSION
from emulator.trace.codec import decode_records, decode_side, decode_snapshots

FILES = sorted((Path(__file__).parent / "released").glob("codec-*.json"))


def test_there_is_a_file_of_the_present_codec() -> None:
    assert f"codec-{CODEC_VERSION}.json" in [file.name for file in FILES]


@pytest.mark.parametrize("file", [pytest.param(f, id=f.stem) for f in FILES])
def test_a_released_chunk_is_read_as_it_was_written(file: Path) -> None:
    kept = json.loads(file.read_text())
    hot, cold = bytes.fromhex(kept["hot"]), bytes.fromhex(kept["cold"])

    records = decode_records(hot, cold).tobytes()
    texts = decode_side(bytes.fromhex(kept["side"]))

    assert hashlib.sha256(records).hexdigest() == kept["records_sha256"]
    snapshots = hashlib.sha256(decode_snapshots(cold)).hexdigest()
    assert snapshots == kept["snapshots_sha256"]
    assert [[s, k, t.decode()] for s, k, t in texts] == kept["texts"]
