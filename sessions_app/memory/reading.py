"""Reads by a job of the quick queue. A moment of a run never changes, so pages are kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sessions_app import dispatch
from sessions_app.errors import JobFailed
from sessions_app.models import Run
from sessions_app.runner import recipe_job
from sessions_app.services.debugger import command_lines

PAGE = 4096
#: Bytes that one read may ask for.
MAX_LENGTH = 4 * PAGE
#: Reads that a process keeps.
_KEPT = 256
_MOST = 1 << 64


@dataclass(frozen=True, slots=True)
class Mapped:
    """A range of the address space: end is the first address behind it."""

    start: int
    end: int
    protection: str
    """``rwx`` with dashes."""


@dataclass(frozen=True, slots=True)
class MemoryRead:
    """Bytes of whole pages around what was asked for."""

    seq: int
    """The last event that had happened: the one asked for or the end of its tree."""
    pieces: tuple[tuple[int, bytes], ...]
    maps: tuple[Mapped, ...]

    def byte(self, address: int) -> int | None:
        """None where nothing is mapped."""
        for start, data in self.pieces:
            if start <= address < start + len(data):
                return data[address - start]
        return None

    def between(self, address: int, length: int) -> list[tuple[int, bytes]]:
        """What is mapped of a range."""
        found = []
        for start, data in self.pieces:
            first, last = max(start, address), min(start + len(data), address + length)
            if first < last:
                found.append((first, data[first - start : last - start]))
        return found

    def is_mapped(self, address: int) -> bool:
        """Whether the task has something there."""
        return any(range_.start <= address < range_.end for range_ in self.maps)


def read_memory(run: Run, seq: int, task: int, address: int, length: int) -> MemoryRead:
    """Whole pages that hold address..address+length, as of an event. Raises JobFailed:
    no worker, or the run takes too long to be done again."""
    first = address - address % PAGE
    last = min(address + min(length, MAX_LENGTH), _MOST)
    pages = -(-(last - first) // PAGE)
    return _pages(run.pk, _fingerprint(run), seq, task, first, pages)


def _fingerprint(run: Run) -> str:
    """What the past of the run depends on beside its recipe: a log may grow."""
    return f"{run.epoch}:{run.debugger.get('who', '')}:{run.state}"


@lru_cache(maxsize=_KEPT)
def _pages(
    run_id: UUID, fingerprint: str, seq: int, task: int, first: int, pages: int
) -> MemoryRead:
    run = Run.objects.select_related("recipe", "played_from").get(pk=run_id)
    job = recipe_job(run.recipe)
    recipe = json.loads(job.recipe)
    images = [job.images[image["sha256"]] for image in recipe["images"]]
    request: dict[str, Any] = {
        "job": "memory",
        "recipe": recipe,
        "images": [len(data) for data in images],
        "commands": command_lines(run),
        "seq": seq,
        "task": task,
        "address": f"{first:#x}",
        "length": pages * PAGE,
    }
    answer, data = dispatch.quick_job(request, b"".join(images))
    if not answer.get("ok"):
        told = answer.get("error") or {}
        raise JobFailed(str(told.get("detail", "the job failed")))
    return MemoryRead(
        answer["seq"], tuple(_cut(answer["pieces"], data)), _maps(answer["maps"])
    )


def _cut(pieces: Sequence[Sequence[Any]], data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    for start, length in pieces:
        found.append((int(start, 16), data[at : at + length]))
        at += length
    return found


def _maps(told: Sequence[Sequence[str]]) -> tuple[Mapped, ...]:
    return tuple(
        Mapped(int(start, 16), int(end, 16), protection)
        for start, end, protection in told
    )
