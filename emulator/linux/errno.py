"""Error numbers of Linux on x86-64 (asm-generic/errno*.h). Python's differ on macOS."""

from __future__ import annotations

from enum import IntEnum


class Errno(IntEnum):
    """The errors that the model returns."""

    EPERM = 1
    ENOENT = 2
    ESRCH = 3
    EBADF = 9
    EAGAIN = 11
    ENOMEM = 12
    EFAULT = 14
    EEXIST = 17
    ENOTDIR = 20
    EINVAL = 22
    ENOTTY = 25
    ESPIPE = 29
    EPIPE = 32
    ERANGE = 34
    ENOSYS = 38
