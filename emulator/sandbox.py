"""Takes away from this process what emulating does not need (Linux; elsewhere nothing).

The guest cannot reach the host by design; this is for the day when the engine has a
hole. Denied: new programs, sockets, tracing, mounting, kernel interfaces, and any file
that is not open yet. TCG needs executable mappings, so those stay.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import importlib
import importlib.util
import logging
import sys

logger = logging.getLogger(__name__)

_DENIED = [
    "execve",
    "execveat",
    "fork",
    "vfork",
    "socket",
    "socketpair",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "kill",
    "tkill",
    "pidfd_open",
    "pidfd_send_signal",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "setns",
    "unshare",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "tgkill",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "lchown",
    "mknod",
    "mknodat",
    "utimensat",
    "fchmodat2",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "shmget",
    "shmat",
    "msgget",
    "mq_open",
    "sched_setaffinity",
    "setpriority",
    "keyctl",
    "add_key",
    "request_key",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "open_by_handle_at",
    "io_uring_setup",
    "creat",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "symlink",
    "symlinkat",
    "link",
    "linkat",
    "truncate",
    "chmod",
    "fchmodat",
    "chown",
    "fchownat",
    "setuid",
    "setgid",
    "setresuid",
    "setresgid",
    "setreuid",
    "setregid",
]
#: A thread may be made, a process may not; clone3 hides which, so that the C library
#: is told to use clone.
_CLONE_THREAD = 0x10000
_OPENING = ("open", "openat", "openat2")


def lock_down() -> bool:
    """Apply the filter for good. False where libseccomp is not available."""
    if sys.platform != "linux" or importlib.util.find_spec("pyseccomp") is None:
        return False
    try:
        pyseccomp = importlib.import_module("pyseccomp")  # loads libseccomp
    except (ImportError, OSError, RuntimeError) as error:
        logger.warning("no seccomp filter: %s", error)
        return False
    with contextlib.suppress(OSError):
        ctypes.CDLL("libgcc_s.so.1")  # loaded by the C library when a thread ends
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ALLOW)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in (*_DENIED, *_OPENING):
        try:
            rules.add_rule(refuse, name)
        except (OSError, RuntimeError, ValueError):
            continue  # a call this libseccomp or architecture does not know
    process = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, 0)
    rules.add_rule(refuse, "clone", process)
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.load()
    return True
