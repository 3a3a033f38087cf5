"""Time as a task sees it: one retired instruction is one nanosecond (kernel/time)."""

from __future__ import annotations

import struct
from collections.abc import Callable

from emulator.linux.errno import Errno
from emulator.linux.protocols import Refused, UserMemory

#: CLOCK_REALTIME at the start of a run: 2010-02-01 00:00:00 UTC.
BOOT_SECONDS = 1_264_982_400
_NANO = 1_000_000_000
#: CLOCK_REALTIME, REALTIME_COARSE, TAI count from 1970; 1..4, 6, 7 from the start.
_WALL = {0, 5, 11}
_UPTIME = {1, 2, 3, 4, 6, 7}

Clock = Callable[[], int]


class ClockCalls:
    """The clock system calls. clock() gives nanoseconds since the start of the run."""

    def __init__(self, memory: UserMemory, clock: Clock) -> None:
        self._memory = memory
        self._clock = clock

    @property
    def table(self) -> dict[int, Callable[..., int]]:
        """System call numbers and what serves them."""
        return {
            35: self.nanosleep,
            96: self.gettimeofday,
            98: self.getrusage,
            201: self.time,
            228: self.clock_gettime,
            229: self.clock_getres,
            230: self.clock_nanosleep,
        }

    def clock_gettime(self, clock: int, pointer: int, *_: int) -> int:
        """Seconds and nanoseconds."""
        self._write_timespec(pointer, *divmod(self._now(clock), _NANO))
        return 0

    def clock_getres(self, clock: int, pointer: int, *_: int) -> int:
        """One nanosecond."""
        self._now(clock)
        if pointer:
            self._write_timespec(pointer, 0, 1)
        return 0

    def gettimeofday(self, pointer: int, zone: int, *_: int) -> int:
        """Seconds and microseconds; the zone is UTC."""
        seconds, nano = divmod(self._now(0), _NANO)
        if pointer:
            self._write_timespec(pointer, seconds, nano // 1000)
        if zone:
            self._memory.write(zone, bytes(8))
        return 0

    def time(self, pointer: int, *_: int) -> int:
        """Seconds."""
        seconds = self._now(0) // _NANO
        if pointer:
            self._memory.write(pointer, struct.pack("<q", seconds))
        return seconds

    def getrusage(self, who: int, pointer: int, *_: int) -> int:
        """All time was spent in user mode."""
        seconds, nano = divmod(self._now(1), _NANO)
        self._memory.write(
            pointer, struct.pack("<qq", seconds, nano // 1000).ljust(144, b"\0")
        )
        return 0

    def nanosleep(self, request: int, *_: int) -> int:
        """Returns at once: time passes only while instructions retire."""
        seconds, nano = struct.unpack("<qq", self._memory.read(request, 16))
        if seconds < 0 or not 0 <= nano < _NANO:
            raise Refused(Errno.EINVAL)
        return 0

    def clock_nanosleep(self, clock: int, flags: int, request: int, *_: int) -> int:
        """As nanosleep."""
        self._now(clock)
        return self.nanosleep(request)

    def _now(self, clock: int) -> int:
        if clock in _WALL:
            return BOOT_SECONDS * _NANO + self._clock()
        if clock in _UPTIME:
            return self._clock()
        raise Refused(Errno.EINVAL)

    def _write_timespec(self, pointer: int, seconds: int, rest: int) -> None:
        self._memory.write(pointer, struct.pack("<qq", seconds, rest))
