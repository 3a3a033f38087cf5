"""Calls about the task itself: ids, limits, thread pointers, randomness, exit."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass

from emulator.linux.errno import Errno
from emulator.linux.protocols import (
    Refused,
    Registers,
    TaskBlocked,
    TaskExit,
    UserMemory,
)

USER_ID = 1000
ARCH_SET_GS, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS = 0x1001, 0x1002, 0x1003, 0x1004
RLIM_INFINITY = (1 << 64) - 1
RLIMIT_STACK, RLIMIT_CORE, RLIMIT_NOFILE, RLIM_NLIMITS = 3, 4, 7, 16
_MAX_RANDOM = 1 << 16
_RSEQ_SIZE = 32
FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_BITSET, _FUTEX_COMMAND = 0, 1, 9, 0x7F

#: sysname, nodename, release, version, machine, domainname.
UTSNAME = ("Linux", "hwbpweb", "6.1.0", "#1 SMP emulated", "x86_64", "(none)")
_FIELD = 65


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the task is."""

    pid: int
    cpu: int
    stack: int
    seed: int
    user: int = USER_ID


class RandomStream:
    """Bytes that depend on the seed and the pid only."""

    def __init__(self, seed: int, pid: int) -> None:
        self._key = f"hwbpweb random {seed} {pid}".encode()
        self._blocks = 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        made = bytearray()
        while len(made) < count:
            block = self._key + struct.pack("<Q", self._blocks)
            made += hashlib.sha256(block).digest()
            self._blocks += 1
        return bytes(made[:count])


class IdentityCalls:
    """The remaining system calls of one task."""

    def __init__(
        self,
        memory: UserMemory,
        registers: Registers,
        identity: Identity,
        random: RandomStream,
    ) -> None:
        self._memory = memory
        self._registers = registers
        self._identity = identity
        self._random = random

    @property
    def table(self) -> dict[int, Callable[..., int]]:
        """System call numbers and what serves them."""
        pid = self._identity.pid
        constants = {39: pid, 186: pid, 110: 1, 111: pid, 24: 0, 95: 0o022, 273: 0}
        constants |= dict.fromkeys((102, 104, 107, 108), self._identity.user)
        fixed = {number: _constant(value) for number, value in constants.items()}
        return fixed | {
            60: self.exit,
            63: self.uname,
            97: self.getrlimit,
            158: self.arch_prctl,
            202: self.futex,
            204: self.sched_getaffinity,
            218: self.set_tid_address,
            231: self.exit,
            302: self.prlimit64,
            309: self.getcpu,
            318: self.getrandom,
            334: self.rseq,
        }

    def exit(self, status: int, *_: int) -> int:
        """exit and exit_group: there is one thread."""
        raise TaskExit((status & 0xFF) << 8)

    def uname(self, buffer: int, *_: int) -> int:
        """struct new_utsname."""
        fields = (name.encode().ljust(_FIELD, b"\0") for name in UTSNAME)
        self._memory.write(buffer, b"".join(fields))
        return 0

    def arch_prctl(self, code: int, address: int, *_: int) -> int:
        """FS and GS bases."""
        name = "fs_base" if code in (ARCH_SET_FS, ARCH_GET_FS) else "gs_base"
        if code in (ARCH_SET_FS, ARCH_SET_GS):
            if address >= 0x7FFF_FFFF_F000:
                raise Refused(Errno.EPERM)
            self._registers.set(name, address)
        elif code in (ARCH_GET_FS, ARCH_GET_GS):
            self._memory.write(address, struct.pack("<Q", self._registers.get(name)))
        else:
            raise Refused(Errno.EINVAL)
        return 0

    def set_tid_address(self, *_: int) -> int:
        """Returns the thread id; there is nobody to wake at exit."""
        return self._identity.pid

    def getrandom(self, buffer: int, count: int, flags: int, *_: int) -> int:
        """Bytes of the run's seed."""
        if flags & ~7:
            raise Refused(Errno.EINVAL)
        data = self._random.take(min(count, _MAX_RANDOM))
        self._memory.write(buffer, data)
        return len(data)

    def getrlimit(self, resource: int, pointer: int, *_: int) -> int:
        """Stack and descriptors are limited, no core is written."""
        if resource >= RLIM_NLIMITS:
            raise Refused(Errno.EINVAL)
        limits = {
            RLIMIT_STACK: self._identity.stack,
            RLIMIT_CORE: 0,
            RLIMIT_NOFILE: 1024,
        }
        value = limits.get(resource, RLIM_INFINITY)
        self._memory.write(pointer, struct.pack("<QQ", value, value))
        return 0

    def prlimit64(self, pid: int, resource: int, new: int, old: int, *_: int) -> int:
        """Limits can be asked for, not raised; lowering is accepted and forgotten."""
        if pid not in (0, self._identity.pid):
            raise Refused(Errno.ESRCH)
        if resource >= RLIM_NLIMITS:
            raise Refused(Errno.EINVAL)
        if new:
            self._memory.read(new, 16)
        return self.getrlimit(resource, old) if old else 0

    def sched_getaffinity(self, pid: int, size: int, mask: int, *_: int) -> int:
        """The one CPU that the recipe gives the task."""
        if pid not in (0, self._identity.pid):
            raise Refused(Errno.ESRCH)
        if size < 8 or size % 8:
            raise Refused(Errno.EINVAL)
        self._memory.write(mask, struct.pack("<Q", 1 << self._identity.cpu))
        return 8

    def getcpu(self, cpu: int, node: int, *_: int) -> int:
        """The CPU of the task; one node."""
        for pointer, value in ((cpu, self._identity.cpu), (node, 0)):
            if pointer:
                self._memory.write(pointer, struct.pack("<I", value))
        return 0

    def rseq(self, area: int, length: int, flags: int, signature: int, *_: int) -> int:
        """The task never migrates and is never preempted inside a critical section:
        writing the CPU numbers once is all there is to do."""
        if length < _RSEQ_SIZE or area % 32 or flags & ~1:
            raise Refused(Errno.EINVAL)
        if not flags & 1:
            cpu = self._identity.cpu
            self._memory.write(area, struct.pack("<II", cpu, cpu))
        return 0

    def futex(self, address: int, operation: int, value: int, *_: int) -> int:
        """With one thread a wait either fails at once or lasts for ever."""
        command = operation & _FUTEX_COMMAND
        if command == FUTEX_WAKE:
            return 0
        if command not in (FUTEX_WAIT, FUTEX_WAIT_BITSET):
            raise Refused(Errno.ENOSYS)
        (found,) = struct.unpack("<I", self._memory.read(address, 4))
        if found != value & 0xFFFF_FFFF:
            raise Refused(Errno.EAGAIN)
        raise TaskBlocked


def _constant(value: int) -> Callable[..., int]:
    return lambda *_: value
