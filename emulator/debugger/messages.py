"""What reaches a run from a debugger's connection, and how it is logged (decisions D9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from emulator.errors import WireError

_MAX_DATA = 1 << 20
_MAX_WHO = 200


class FaceName(StrEnum):
    """Which stub a client talks to."""

    full = "full"
    faithful = "faithful"


@dataclass(frozen=True, slots=True)
class Open:
    """Somebody connects."""

    who: str
    face: FaceName = FaceName.full


class Data(NamedTuple):
    """Bytes of the client, cut anywhere."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """The connection is gone."""


@dataclass(frozen=True, slots=True)
class Park:
    """The machine stands here while nobody executes it: what comes next in the log acts
    at the same position (decisions D9)."""


Message = Open | Data | Close | Park


class Logged(NamedTuple):
    """A message and the position at which it acted: between two instructions of a CPU,
    after the event seq."""

    cpu: int
    retired: int
    seq: int
    message: Message

    @property
    def position(self) -> tuple[int, int, int]:
        """Comparable with where a run stands."""
        return self.cpu, self.retired, self.seq

    def to_json(self) -> dict[str, Any]:
        """One line of a command log."""
        where = {"cpu": self.cpu, "retired": self.retired, "seq": self.seq}
        message = self.message
        if isinstance(message, Open):
            return where | {
                "do": "open",
                "who": message.who,
                "face": message.face.value,
            }
        if isinstance(message, Data):
            return where | {"do": "data", "data": message.data.hex()}
        return where | {"do": "park" if isinstance(message, Park) else "close"}


def logged_from_json(value: Mapping[str, Any]) -> Logged:
    """Inverse of Logged.to_json. Raises WireError."""
    try:
        where = [int(value[name]) for name in ("cpu", "retired", "seq")]
        return Logged(where[0], where[1], where[2], message_from_json(value))
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"no line of a command log: {error!r}") from error


def message_from_json(value: Mapping[str, Any]) -> Message:
    """The message of a line. Raises WireError, KeyError, ValueError."""
    do = value["do"]
    if do == "open":
        return Open(str(value["who"])[:_MAX_WHO], FaceName(value.get("face", "full")))
    if do == "data":
        data = bytes.fromhex(value["data"])
        if len(data) > _MAX_DATA:
            raise WireError(f"{len(data)} bytes at once; allowed: {_MAX_DATA}")
        return Data(data)
    if do == "close":
        return Close()
    if do == "park":
        return Park()
    raise WireError(f"{do!r:.40} is no message; allowed: open, data, close, park")
