"""Talks to ``python -m emulator.child`` over real pipes, as the worker does."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.recipe import Recipe
from emulator.wire import Batch, FrameParser, FrameType, decode_batch, pack

TOP = Path(__file__).parents[3]


class Child:
    """One child; a context manager, so that none is left behind."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-E", "-s", "-m", "emulator.child", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=TOP,
            env={},
        )
        self._parser = FrameParser()
        self._waiting: list[tuple[FrameType, bytes]] = []
        self.batches: list[Batch] = []

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def write(self, data: bytes) -> None:
        """Raw bytes to its stdin."""
        assert self._process.stdin
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def send(self, kind: FrameType, payload: bytes = b"") -> None:
        """One frame."""
        self.write(pack(kind, payload))

    def start(self, recipe: Recipe | bytes, images: Mapping[str, bytes]) -> None:
        """Recipe, images, go."""
        body = recipe if isinstance(recipe, bytes) else recipe.canonical
        self.send(FrameType.RECIPE, body)
        for sha256, data in images.items():
            self.send(FrameType.IMAGE, bytes.fromhex(sha256) + data)
        self.send(FrameType.START)

    def close(self) -> None:
        """End of its stdin."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.stdin = None

    def wait(self, timeout: float = 10) -> int:
        """Its exit status."""
        return self._process.wait(timeout)

    @property
    def log(self) -> str:
        """What it wrote to stderr, once it has ended."""
        assert self._process.stderr
        return self._process.stderr.read().decode()

    def until(self, wanted: FrameType, state: str | None = None) -> dict[str, Any]:
        """The payload of the next such frame; batches are collected on the way."""
        end = time.monotonic() + 20
        while True:
            for kind, payload in self._frames(end):
                if kind is FrameType.BATCH:
                    self.batches.append(decode_batch(payload))
                    continue
                value = json.loads(payload)
                if kind is wanted and (state is None or value["state"] == state):
                    return value

    def _frames(self, end: float):
        while not self._waiting:
            assert self._process.stdout
            descriptor = self._process.stdout.fileno()
            assert select.select([descriptor], [], [], end - time.monotonic())[0]
            data = os.read(descriptor, 1 << 16)
            assert data, "the child ended"
            self._waiting.extend(self._parser.feed(data))
        while self._waiting:
            yield self._waiting.pop(0)
