"""The process that emulates (decisions D10): frames in on stdin, frames out on stdout.

With emulator.pipe_control and emulator.pipes all of the package that knows time, threads
and descriptors. End of stdin ends it.

``python -m emulator.child``      run one recipe (frames: emulator.wire)
``python -m emulator.child job``  one job, on a program, of the matrix or of memory: a JSON line with
                                  the number of bytes that follow as ``blob``, then those;
                                  a JSON line and raw bytes out
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any

from emulator import bundle_job, engine, memory_job
from emulator.debugger import Logged
from emulator.debugger.messages import logged_from_json
from emulator.errors import EmulatorError, WireError
from emulator.matrix import job as matrix_job
from emulator.pipe_control import PipeControl, Progress
from emulator.pipes import Pipes
from emulator.programs.job import Answer, Request, handle
from emulator.recipe import Recipe, parse
from emulator.sandbox import lock_down
from emulator.wire import FrameType, pack_json

_SHA256 = 32
#: A refused recipe is an answer, not a failure of the child.
EXIT_OK, EXIT_PROTOCOL = 0, 3


@dataclass(slots=True)
class _Job:
    """What came before START."""

    recipe: bytes = b""
    images: dict[str, bytes] = field(default_factory=dict)
    commands: list[Logged] = field(default_factory=list)
    paused: bool = False
    stands: bool = False


def _receive(pipes: Pipes) -> _Job | None:
    """Everything up to START; None when stdin ended first."""
    job = _Job()
    while (frames := pipes.frames()) is not None:
        for kind, payload in frames:
            if kind is FrameType.RECIPE:
                job.recipe = payload
            elif kind is FrameType.IMAGE:
                job.images[payload[:_SHA256].hex()] = payload[_SHA256:]
            elif kind is FrameType.COMMANDS:
                job.commands += map(logged_from_json, _json_list(payload))
            elif kind is FrameType.PAUSE:
                job.paused = True
            elif kind is FrameType.STAND:
                job.stands = True
            elif kind is FrameType.START:
                return job
            elif kind is FrameType.CANCEL:
                return None
    return None


def _json_list(payload: bytes) -> list[Any]:
    try:
        lines = json.loads(payload)
    except ValueError as error:
        raise WireError(f"the command log is no JSON: {error}") from error
    if not isinstance(lines, list):
        raise WireError("the command log is no list")
    return lines


def run_frames() -> int:
    """Run the recipe that comes in on stdin."""
    pipes = Pipes()
    try:
        received = _receive(pipes)
    except WireError as error:
        sys.stderr.write(f"emulator.child: {error}\n")
        return EXIT_PROTOCOL
    if received is None:
        return EXIT_OK
    progress = Progress(pipes)
    control = PipeControl(pipes, progress)
    try:
        recipe: Recipe = parse(received.recipe)  # reads the table of variants
        engine.warm_up()
        lock_down()
        if received.paused:
            control.pause()
        if received.stands:
            control.stand_there()
        control.start()
        progress.tell("running")
        result = engine.run(
            recipe,
            received.images,
            progress.batch,
            control,
            commands=received.commands,
            link=control,
        )
    except EmulatorError as error:
        control.stop()
        pipes.send(pack_json(FrameType.ERROR, _error(error)))
        return EXIT_OK
    control.stop()
    pipes.send(pack_json(FrameType.END, result.to_json()))
    return EXIT_OK


def _error(error: EmulatorError) -> dict[str, Any]:
    return {"code": error.code, "detail": error.detail, "field": error.field}


def _enclose() -> None:
    """From here on nothing is opened."""
    engine.warm_up()
    lock_down()


def _answer(request: Request, blob: bytes) -> Answer:
    job = request.get("job")
    if job == "bundle":
        return bundle_job.handle(blob), b""
    if job not in ("matrix", "memory"):
        return handle(request, blob)
    if job == "memory":
        return memory_job.handle(request, blob, _enclose)
    matrix_job.read_files()
    _enclose()
    return matrix_job.handle(request), b""


def run_job() -> int:
    """One request line and a blob in; one answer line and bytes out."""
    try:
        request = json.loads(sys.stdin.buffer.readline())
        blob = sys.stdin.buffer.read(int(request.pop("blob", 0)))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        sys.stderr.write(f"emulator.child: no request: {error}\n")
        return EXIT_PROTOCOL
    answer, data = _answer(request, blob)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + data)
    sys.stdout.buffer.flush()
    return EXIT_OK


if __name__ == "__main__":
    status = run_job() if sys.argv[1:] == ["job"] else run_frames()
    sys.stdout.flush()
    sys.stderr.flush()
    # The listening thread sits in read(); a normal exit would wait for its lock.
    os._exit(status)
