"""Descriptors 0, 1 and 2 and nothing else (fs/read_write.c, fs/stat.c).

Standard input is at its end; 1 and 2 are pipes into the run's output.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from emulator.errors import KernelError
from emulator.linux.errno import Errno
from emulator.linux.protocols import PAGE, Refused, UserMemory

Output = Callable[[int, bytes], None]

MAX_COUNT = 0x7FFF_F000  # MAX_RW_COUNT
MAX_VECTORS = 1024
MAX_OUTPUT = 1 << 16
"""Bytes handed over at once; one system call usually stays below."""
AT_FDCWD = -100 & 0xFFFF_FFFF
AT_EMPTY_PATH = 0x1000
POLLIN, POLLOUT, POLLNVAL = 1, 4, 0x20
F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL = 0, 1, 2, 3, 4

_IOVEC = struct.Struct("<QQ")
_POLLFD = struct.Struct("<ihh")
#: struct stat of x86-64: dev, ino, nlink, mode, uid, gid, pad, rdev, size, blksize …
_STAT = struct.Struct("<QQQIIIIQqqq3Q3Q3Q")
_S_IFIFO = 0o010000
_OUTPUTS = (1, 2)


class FileCalls:
    """The file system calls of one task."""

    def __init__(self, memory: UserMemory, output: Output, executable: bytes) -> None:
        self._memory = memory
        self._output = output
        self._executable = executable
        self._open = {0, 1, 2}

    @property
    def table(self) -> dict[int, Callable[..., int]]:
        """System call numbers and what serves them."""
        return {
            0: self.read,
            1: self.write,
            2: self.no_such_file,
            3: self.close,
            4: self.no_such_file,
            5: self.fstat,
            6: self.no_such_file,
            7: self.poll,
            8: self.lseek,
            16: self.ioctl,
            20: self.writev,
            21: self.no_such_file,
            72: self.fcntl,
            79: self.getcwd,
            89: self.readlink,
            257: self.no_such_file_at,
            262: self.newfstatat,
            267: self.readlinkat,
            269: self.no_such_file_at,
            439: self.no_such_file_at,
        }

    def read(self, fd: int, buffer: int, count: int, *_: int) -> int:
        """End of file on standard input."""
        self._check(fd)
        if fd & 0xFFFF_FFFF in _OUTPUTS:
            raise Refused(Errno.EBADF)
        return 0

    def write(self, fd: int, buffer: int, count: int, *_: int) -> int:
        """Bytes into the run's output; a fault in the middle gives a short count."""
        number = self._check(fd)
        if number not in _OUTPUTS:
            raise Refused(Errno.EBADF)
        return self._put(number, [(buffer, count)])

    def writev(self, fd: int, vectors: int, count: int, *_: int) -> int:
        """As write, from several places."""
        number = self._check(fd)
        if number not in _OUTPUTS:
            raise Refused(Errno.EBADF)
        if count > MAX_VECTORS:
            raise Refused(Errno.EINVAL)
        table = self._memory.read(vectors, count * _IOVEC.size) if count else b""
        parts = list(_IOVEC.iter_unpack(table))
        if any(length >= 1 << 63 for _, length in parts):
            raise Refused(Errno.EINVAL)
        return self._put(number, parts)

    def _put(self, fd: int, vectors: list[tuple[int, int]]) -> int:
        """Output page by page: nothing is allocated for what is not there.

        A fault ends the call: short count, or EFAULT when nothing was written.
        """
        done = 0
        pending = bytearray()
        try:
            for buffer, length in vectors:
                for at, size in _pieces(buffer, min(length, MAX_COUNT - done)):
                    pending += self._memory.read(at, size)
                    done += size
                    if len(pending) >= MAX_OUTPUT:
                        self._output(fd, bytes(pending))
                        pending.clear()
        except KernelError:
            if not done:
                raise
        if pending:
            self._output(fd, bytes(pending))
        return done

    def close(self, fd: int, *_: int) -> int:
        """The descriptor is gone; its output too."""
        self._open.remove(self._check(fd))
        return 0

    def lseek(self, fd: int, *_: int) -> int:
        """Pipes cannot seek."""
        self._check(fd)
        raise Refused(Errno.ESPIPE)

    def ioctl(self, fd: int, *_: int) -> int:
        """Nothing here is a terminal."""
        self._check(fd)
        raise Refused(Errno.ENOTTY)

    def fcntl(self, fd: int, command: int, argument: int, *_: int) -> int:
        """Flags can be asked for; setting them changes nothing."""
        number = self._check(fd)
        if command == F_GETFL:
            return 0 if number == 0 else 1  # O_RDONLY, O_WRONLY
        if command in (F_GETFD, F_SETFD, F_SETFL):
            return 0
        raise Refused(Errno.EINVAL)

    def poll(self, pointer: int, count: int, timeout: int, *_: int) -> int:
        """Ready at once: input at its end, output with room."""
        if count > MAX_VECTORS:
            raise Refused(Errno.EINVAL)
        ready = 0
        for at in range(pointer, pointer + count * _POLLFD.size, _POLLFD.size):
            fd, events, _ = _POLLFD.unpack(self._memory.read(at, _POLLFD.size))
            happened = self._readiness(fd, events)
            self._memory.write(at + 6, struct.pack("<h", happened))
            ready += bool(happened)
        return ready

    def _readiness(self, fd: int, events: int) -> int:
        if fd < 0:
            return 0
        if fd not in self._open:
            return POLLNVAL
        return int(events) & (POLLIN if fd == 0 else POLLOUT)

    def fstat(self, fd: int, buffer: int, *_: int) -> int:
        """A pipe."""
        number = self._check(fd)
        self._memory.write(buffer, _stat(number))
        return 0

    def newfstatat(self, fd: int, path: int, buffer: int, flags: int, *_: int) -> int:
        """fstat when the path is empty and AT_EMPTY_PATH is given; else no such file."""
        empty = not path or self._memory.read(path, 1) == b"\0"
        if flags & AT_EMPTY_PATH and empty:
            return self.fstat(fd, buffer)
        raise Refused(Errno.ENOENT)

    def readlink(self, path: int, buffer: int, size: int, *_: int) -> int:
        """/proc/self/exe is the program; there is nothing else."""
        if size <= 0 or size >= 1 << 31:
            raise Refused(Errno.EINVAL)
        if self._path(path) != b"/proc/self/exe":
            raise Refused(Errno.ENOENT)
        name = self._executable[:size]
        self._memory.write(buffer, name)
        return len(name)

    def readlinkat(self, fd: int, path: int, buffer: int, size: int, *_: int) -> int:
        """As readlink: all paths that exist are absolute."""
        return self.readlink(path, buffer, size)

    def getcwd(self, buffer: int, size: int, *_: int) -> int:
        """The root."""
        if size < 2:
            raise Refused(Errno.ERANGE)
        self._memory.write(buffer, b"/\0")
        return 2

    def no_such_file(self, path: int, *_: int) -> int:
        """open, stat, access …: the file system is empty."""
        self._path(path)
        raise Refused(Errno.ENOENT)

    def no_such_file_at(self, fd: int, path: int, *_: int) -> int:
        """openat, faccessat …: the same."""
        return self.no_such_file(path)

    def _path(self, address: int) -> bytes:
        """A string of the user, at most PATH_MAX bytes."""
        found = bytearray()
        while len(found) < 4096:
            byte = self._memory.read(address + len(found), 1)
            if byte == b"\0":
                return bytes(found)
            found += byte
        raise Refused(Errno.ENOENT)

    def _check(self, fd: int) -> int:
        number = fd & 0xFFFF_FFFF
        if number not in self._open:
            raise Refused(Errno.EBADF)
        return number


def _pieces(buffer: int, count: int) -> Iterator[tuple[int, int]]:
    """(address, size) of the parts of a buffer, cut at page ends."""
    end = buffer + count
    while buffer < end:
        size = min(end - buffer, PAGE - buffer % PAGE)
        yield buffer, size
        buffer += size


def _stat(fd: int) -> bytes:
    mode = _S_IFIFO | 0o600
    return _STAT.pack(*(8, 100 + fd, 1, mode, 1000, 1000, 0, 0, 0, PAGE, 0), *([0] * 9))
