"""What the two sides of a debugger ask of its session."""

from __future__ import annotations

from typing import Protocol

from emulator.debugger.messages import Close, Data
from emulator.gdbstub.stub import Exchange
from emulator.target.cpu import Cpu


class Desk(Protocol):
    """Between a side and whoever is there, or was there when the log was written."""

    def next(self, cpu: Cpu) -> Data | Close:
        """The next message of the one who holds the machine."""

    def said(self, exchange: Exchange) -> None:
        """Record the packets, send the bytes."""

    def send(self, data: bytes) -> None:
        """Bytes for the client."""

    def tell(self, state: str, reason: str = "") -> None:
        """How the machine stands, for everybody who looks on."""

    def left(self) -> None:
        """The client debugs no more."""
