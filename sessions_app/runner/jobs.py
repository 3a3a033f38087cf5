"""Jobs on programs (assemble, read an ELF file) in a limited child of their own."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sessions_app.errors import JobFailed
from sessions_app.runner.child import CHILD, MARGIN, Child, ChildLimits

_SECONDS = 30.0
_POLL = 0.5
_MAX_ANSWER = 256 << 20


def program_job(
    request: Mapping[str, Any], blob: bytes, command: Sequence[str] = (*CHILD, "job")
) -> tuple[dict[str, Any], bytes]:
    """One request of emulator.programs and its answer. Raises JobFailed when the child
    ends without an answer or takes too long."""
    head = {**request, "blob": len(blob)}
    child = Child(command, ChildLimits(address_space=MARGIN, cpu=int(_SECONDS)))
    try:
        child.start()
        child.send(json.dumps(head).encode() + b"\n" + blob)
        return _answer(_read_all(child, len(blob)))
    finally:
        child.close()


def _read_all(child: Child, blob: int) -> bytes:
    deadline = time.monotonic() + _SECONDS
    received = bytearray()
    while (data := child.read(_POLL)) is not None:
        received += data
        if len(received) > _MAX_ANSWER:
            raise JobFailed("the answer is too long")
        if time.monotonic() > deadline:
            raise JobFailed(f"no answer within {_SECONDS:.0f} s")
    return bytes(received)


def _answer(received: bytes) -> tuple[dict[str, Any], bytes]:
    head, _, rest = received.partition(b"\n")
    try:
        answer = json.loads(head)
    except ValueError as error:
        raise JobFailed("the job ended without an answer") from error
    if not isinstance(answer, dict):
        raise JobFailed("the job ended without an answer")
    return answer, rest
