"""Typed replies. Handlers return them, write() alone makes packets of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from emulator.errors import KernelError
from emulator.gdbstub.actions import Action

EPERM, ENOENT, EFAULT, EINVAL, ERANGE, EOPNOTSUPP = 1, 2, 14, 22, 34, 95


@dataclass(frozen=True, slots=True)
class OK:
    """Done."""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The empty packet: this stub knows no such command."""


@dataclass(frozen=True, slots=True)
class Error:
    """Refused."""

    errno: int
    detail: str = ""

    @classmethod
    def of(cls, error: KernelError) -> Error:
        """What a target raised."""
        return cls(error.errno, error.detail)


@dataclass(frozen=True, slots=True)
class Data:
    """Text of a reply; binary parts are escaped already."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class NoAck:
    """OK, and from the next packet on nobody acknowledges."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Something for the machine, after a reply or without one."""

    action: Action
    reply: OK | Error | None = None


@dataclass(frozen=True, slots=True)
class Console:
    """Text for the user's terminal, then the reply itself."""

    text: str
    then: OK | Error | Leave


Reply = OK | Unsupported | Error | Data | NoAck | Leave | Console


@dataclass(frozen=True, slots=True)
class Style:
    """What the faces write differently."""

    error: Callable[[Error], bytes]
    console_bytes: int
    """Bytes of text in one O packet."""


def write(reply: Reply, style: Style) -> Iterator[bytes | Action]:
    """The packets of a reply in order, and what the machine has to do after them."""
    match reply:
        case OK() | NoAck():
            yield b"OK"
        case Unsupported():
            yield b""
        case Error():
            yield style.error(reply)
        case Data(payload):
            yield payload
        case Leave(action, first):
            if first is not None:
                yield from write(first, style)
            yield action
        case Console(text, then):
            for piece in _pieces(text.encode(errors="replace"), style.console_bytes):
                yield b"O" + piece.hex().encode()
            yield from write(then, style)


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
