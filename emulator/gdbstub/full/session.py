"""State of the full face between packets, and what a family of packets is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator.gdbstub.actions import StopReason
from emulator.gdbstub.replies import Reply
from emulator.gdbstub.target import StubTarget, current_thread

#: PacketSize: bytes of data of a packet, in both directions.
PACKET_SIZE = 0x4000


@dataclass(slots=True)
class FullSession:
    """One client."""

    target: StubTarget
    stop: StopReason = field(default_factory=StopReason)
    rewound: bool = False
    """RIP has been put back onto the int3 of this stop."""
    chosen: int | None = None
    """Hg; None is the thread that stopped."""
    to_step: int | None = None
    """Hc; None is the thread that stopped."""
    client: frozenset[str] = frozenset()
    """Features that the client said it has."""
    listing: list[int] = field(default_factory=list)
    """Threads that qsThreadInfo has still to tell."""

    @property
    def current(self) -> int:
        """The thread that stopped."""
        return current_thread(self.target.threads)

    @property
    def thread(self) -> int:
        """The thread that registers and memory are of."""
        return self.current if self.chosen is None else self.chosen

    def new_stop(self, reason: StopReason) -> None:
        """The thread that stopped is chosen."""
        self.stop = reason
        self.rewound = False
        self.chosen = self.to_step = None
        self.listing.clear()


Handler = Callable[[FullSession, bytes], Reply]


def _nothing(target: StubTarget) -> list[str]:
    return []


@dataclass(frozen=True, slots=True)
class Family:
    """Packets that belong together."""

    handlers: Mapping[bytes, Handler]
    """By name; a handler gets what stands behind it."""
    announced: Callable[[StubTarget], list[str]] = _nothing
    """Items of qSupported, as far as the target can."""
