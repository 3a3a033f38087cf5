"""Between web and worker: what a debugger's connection says, over two Redis lists.

One list per run leads to the worker that holds it; one list per connection leads back.
Both are short, and fade when nobody comes for them. Nothing here is kept: what acted on
a run stands in the database (models.RunCommand).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

#: Entries of a list beyond which its writer waits, or gives its reader up.
FULL = 64
#: Bytes of one DATA entry; a websocket's message is no longer (``--ws-max-size``).
MAX_DATA = 1 << 16
#: Seconds that an entry waits for its reader.
KEPT = 120
#: A connection says this often (seconds) that it is there, and is gone after as long
#: as PRESENCE without a word.
TOUCH, PRESENCE = 5, 20

_CONNECTION = 16


class Kind(IntEnum):
    """1..15 to the worker, 16.. from it."""

    OPEN = 1
    """JSON {"who", "face", "via"}, and "line" where the connection has one (debug_line):
    then its bytes go that way, unless the worker says LISTS."""
    DATA = 2
    """Bytes of the debugger."""
    CLOSE = 3
    ASK = 4
    """JSON of POST /runs/<id>/control/; the connection is that of the answer only."""
    LISTEN = 5
    """JSON {"who", "face"}: open a TCP port on the worker's loopback."""
    OUT = 16
    """Bytes for the debugger."""
    TOLD = 17
    """JSON of the debugger's state, to be shown."""
    END = 18
    """JSON {"code", "reason"}: close the connection so."""
    ANSWER = 19
    """JSON, to ASK and LISTEN."""
    LISTS = 20
    """To OPEN: the line cannot be reached from here, its bytes are to come as DATA."""


class CloseCode(IntEnum):
    """How a debugger's connection ends (docs/debugging.md)."""

    DONE = 1000
    LOST = 1011
    BAD_REQUEST = 4400
    UNKNOWN_TOKEN = 4401
    READ_ONLY = 4403
    NOT_FOUND = 4404
    REFUSED = 4409
    OVER = 4410
    BROKEN = 4422
    """The client did not keep to the protocol, or did not read."""


@dataclass(frozen=True, slots=True)
class Word:
    """An entry of the list to the worker."""

    connection: UUID
    kind: Kind
    payload: bytes = b""

    def pack(self) -> bytes:
        """As it stands in the list."""
        return self.connection.bytes + bytes((self.kind,)) + self.payload

    def json(self) -> dict[str, Any]:
        """The payload of what is JSON."""
        value: dict[str, Any] = json.loads(self.payload)
        return value


def unpack_word(entry: bytes) -> Word:
    """Inverse of Word.pack."""
    connection = UUID(bytes=entry[:_CONNECTION])
    return Word(connection, Kind(entry[_CONNECTION]), entry[_CONNECTION + 1 :])


def pack_back(kind: Kind, payload: bytes = b"") -> bytes:
    """An entry of a list to a connection."""
    return bytes((kind,)) + payload


def unpack_back(entry: bytes) -> tuple[Kind, bytes]:
    """Inverse of pack_back."""
    return Kind(entry[0]), entry[1:]


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def inbox_key(run_id: UUID | str) -> str:
    """The list to the worker that holds a run."""
    return f"run:{{{run_id}}}:debug:in"


def outbox_key(run_id: UUID | str, connection: UUID) -> str:
    """The list to one connection."""
    return f"run:{{{run_id}}}:debug:out:{connection.hex}"


def presence_key(run_id: UUID | str, connection: UUID) -> str:
    """Exists while somebody stands behind a connection."""
    return f"run:{{{run_id}}}:debug:here:{connection.hex}"
