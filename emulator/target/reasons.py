"""Why a CPU stopped running, and why a hook left the engine."""

from __future__ import annotations

from enum import Enum


class Stop(Enum):
    """Why run() returned."""

    COUNT = "count"
    REQUESTED = "requested"
    HALTED = "halted"


class Reason(Enum):
    """What a hook left the engine for."""

    NOTHING = "nothing"
    SETTLED = "settled"
    ROLLBACK = "rollback"
    SYSTEM_CALL = "system call"
    INTERRUPT = "interrupt"
    EMULATE = "emulate"
    REFUSED = "refused"
    PROBE = "probe"
