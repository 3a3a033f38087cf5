"""A client that says what it was told to say, packet by packet, and no gdb."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.debugger import Close, Data, Logged, Message, Open
from emulator.engine import RunResult, run
from emulator.gdbstub.packet import encode
from emulator.recipe import Recipe


@dataclass
class Typist:
    """emulator.debugger.Link and engine.Control in one thread."""

    packets: list[bytes]
    pending: bool = True
    said: list[bytes] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    """Reasons, that of the connection left out."""
    _opened: bool = False

    def checkpoint(self, flush: Any) -> None:
        self.pending = False

    def take(self) -> list[Message]:
        first, self._opened = not self._opened, True
        return [Open("alice")] if first else []

    def wait(self, flush: Any) -> Message:
        if not self.packets:
            return Close()
        return Data(b"+" + encode(self.packets.pop(0)))

    def log(self, line: Logged) -> None:
        """Nothing is played back."""

    def send(self, data: bytes) -> None:
        self.said.append(data)

    def tell(self, state: str, who: str, face: str, reason: str) -> None:
        if state == "stopped":
            self.stops.append(reason)


def typed(
    made: tuple[Recipe, dict[str, bytes]], packets: Sequence[bytes]
) -> tuple[Typist, RunResult]:
    """A run with these packets typed while it stands still; then the client is gone."""
    client = Typist([b"qSupported:swbreak+;hwbreak+", *packets])
    result = run(made[0], made[1], lambda _batch: None, client, link=client)
    client.stops.pop(0)
    return client, result
