"""Chrome's Trace Event Format: JSON that about:tracing and Perfetto's UI read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.trace.export.timeline import Args, Mark, Track, Word

_AT_ONCE = 2000


def chrome_json(marks: Iterator[Mark], facts: Mapping[str, Any]) -> Iterator[bytes]:
    """One object. A CPU is a process, a lane a thread; times are microseconds with three
    digits behind the point; facts stand in otherData."""
    yield b'{"traceEvents":[\n'
    writer = _Writer()
    lines: list[str] = []
    first = True
    for mark in marks:
        lines += writer.lines(mark)
        if len(lines) >= _AT_ONCE:
            yield (("" if first else ",\n") + ",\n".join(lines)).encode()
            first, lines = False, []
    if lines:
        yield (("" if first else ",\n") + ",\n".join(lines)).encode()
    other = json.dumps(facts, separators=(",", ":"))
    yield f'\n],"displayTimeUnit":"ns","otherData":{other}}}\n'.encode()


class _Writer:
    """Knows which tracks were introduced."""

    def __init__(self) -> None:
        self._known: set[object] = set()

    def lines(self, mark: Mark) -> Iterator[str]:
        """A mark, and the names of what it is the first on."""
        track = mark.track
        pid = track.cpu + 1  # process 0 is the idle task everywhere
        if track.cpu not in self._known:
            self._known.add(track.cpu)
            yield _meta("process_name", pid, 0, {"name": f"CPU {track.cpu}"})
            yield _meta("process_sort_index", pid, 0, {"sort_index": track.cpu})
        if track not in self._known and not track.counter:
            self._known.add(track)
            yield _meta("thread_name", pid, track.lane, {"name": track.name})
            yield _meta(
                "thread_sort_index", pid, track.lane, {"sort_index": track.lane}
            )
        yield _dump(_event(mark, pid, track))


def _event(mark: Mark, pid: int, track: Track) -> dict[str, Any]:
    event: dict[str, Any] = {"ph": mark.phase.replace("I", "i"), "pid": pid}
    event["tid"] = track.lane
    event["ts"] = None  # its place; a float would lose nanoseconds
    if mark.phase != "E":
        event["name"] = mark.name
        event["cat"] = track.name.split()[0]
        event["args"] = _args(mark.args)
    if mark.phase == "I":
        event["s"] = "t"
    if mark.phase == "C":
        event["args"] = {mark.name: mark.value}
    event["ts"] = mark.time
    return event


def _args(args: Args) -> dict[str, int | str]:
    return {n: hex(v) if isinstance(v, Word) else v for n, v in args.items()}


def _meta(name: str, pid: int, tid: int, args: dict[str, Any]) -> str:
    return json.dumps(
        {"ph": "M", "name": name, "pid": pid, "tid": tid, "args": args},
        separators=(",", ":"),
    )


def _dump(event: dict[str, Any]) -> str:
    time: int = event.pop("ts")
    text = json.dumps(event, separators=(",", ":"))
    return f'{text[:-1]},"ts":{time // 1000}.{time % 1000:03d}}}'
