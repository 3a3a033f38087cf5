"""Why a command ends early, and the exit status that says so (docs/client.md)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Status(IntEnum):
    """Exit statuses."""

    DONE = 0
    NO = 1
    """The answer is no: the run failed, the runs differ."""
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4


class Failed(Exception):
    """Ends the command with a line on stderr."""

    status = Status.NO


class Usage(Failed):
    """What was asked for makes no sense."""

    status = Status.USAGE


class Unreachable(Failed):
    """No answer from the server, or none any more."""

    status = Status.UNREACHABLE


class Refused(Failed):
    """The server says no, and why."""

    status = Status.REFUSED

    def __init__(self, code: int, problem: Mapping[str, Any]) -> None:
        self.code = code
        self.problem = problem
        super().__init__(_words(code, problem))


def _words(code: int, problem: Mapping[str, Any]) -> str:
    detail = str(problem.get("detail") or problem.get("title") or f"status {code}")
    lines = [detail]
    for error in problem.get("errors") or ():
        line = f"  {error.get('field')}: {error.get('detail')}"
        if error.get("value") is not None:
            line += f" ({error['value']!r})"
        if error.get("allowed"):
            line += f"; allowed: {error['allowed']}"
        lines.append(line)
    return "\n".join(lines)
