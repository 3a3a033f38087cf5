"""What execute asks of those who carry a debugger's bytes. Called in its thread only."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.errors import WireError
from emulator.wire import FrameType, pack, pack_json

_MAX_WHO = 200
_DOES = ("open", "data", "close", "park")


@dataclass(frozen=True, slots=True)
class LoggedLine:
    """A line of the command log: a debugger's message and where it acts."""

    cpu: int
    retired: int
    seq: int
    do: str
    who: str = ""
    face: str = ""
    data: bytes = b""


def logged_line(told: Mapping[str, Any]) -> LoggedLine:
    """Of a LOGGED frame. Raises WireError."""
    try:
        line = LoggedLine(
            cpu=int(told["cpu"]),
            retired=int(told["retired"]),
            seq=int(told["seq"]),
            do=str(told["do"]),
            who=str(told.get("who", ""))[:_MAX_WHO],
            face=str(told.get("face", "")),
            data=bytes.fromhex(told.get("data", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"no line of a command log: {error!r}") from error
    if line.do not in _DOES:
        allowed = ", ".join(_DOES)
        raise WireError(f"{line.do!r:.40} in a command log; allowed: {allowed}")
    return line


def open_frame(who: str, face: str, *, line: bool = False) -> bytes:
    """A debugger connects; line: with a socket that its bytes come and go by."""
    told = {"who": who[:_MAX_WHO], "face": face, "line": line}
    return pack_json(FrameType.DEBUG_OPEN, told)


def data_frame(data: bytes) -> bytes:
    """It says something."""
    return pack(FrameType.DEBUG_DATA, data)


def close_frame() -> bytes:
    """It is gone."""
    return pack(FrameType.DEBUG_CLOSE)


class DebuggerPort(Protocol):
    """The worker's end of all debuggers' connections to one run."""

    @property
    def holds(self) -> bool:
        """Whether a debugger holds the machine; such time is not the run's."""
        ...

    def frames(self) -> Sequence[tuple[bytes, socket.socket | None]]:
        """Frames for the child in order, some with a debugger's socket for it, which the
        caller closes."""
        ...

    def on_out(self, data: bytes) -> None:
        """The child says something to the debugger."""
        ...

    def on_state(self, told: Mapping[str, Any]) -> None:
        """Who controls, and how the machine stands."""
        ...

    def on_logged(self, line: LoggedLine) -> None:
        """A command has acted, or is about to."""
        ...

    def keep(self) -> None:
        """What was logged must be stored now: what came of it is about to be."""
        ...


class NoDebugger:
    """A run that nobody can attach to."""

    holds = False

    def frames(self) -> Sequence[tuple[bytes, socket.socket | None]]:
        """Nothing."""
        return ()

    def on_out(self, data: bytes) -> None:
        """Nobody reads it."""

    def on_state(self, told: Mapping[str, Any]) -> None:
        """Nobody asked."""

    def on_logged(self, line: LoggedLine) -> None:
        """Nobody did anything."""

    def keep(self) -> None:
        """Nothing to do."""
