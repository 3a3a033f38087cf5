"""Runs one tool of the host on somebody's text with nothing else in reach.

Used as a script by :mod:`emulator.programs.toolchain`: ``python -I -S confine.py PLAN
TOOL ARGUMENT…``. Standard library only, so that it starts quickly. Lowers its own
limits, closes all files, restricts itself with Landlock (Linux 5.13 and later) to the
folder it is in and to the files of the plan, then becomes the tool.

Exit status 120: this kernel has no Landlock and the plan demands it.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import signal
import sys
from typing import Any

NO_LANDLOCK = 120

# The same numbers on all Linux architectures (generic table, Linux 5.13).
_SYS_CREATE_RULESET, _SYS_ADD_RULE, _SYS_RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_FILE, MAKE_REG, TRUNCATE = 1 << 5, 1 << 8, 1 << 14
#: All file-system rights of ABI 1, 2, 3 and 5; network ones of ABI 4; scopes of ABI 6.
_FS_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 6: 16}
_NET_RIGHTS = 0b11
_SCOPES = 0b11


class _RulesetAttr(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def landlock_abi() -> int:
    """The Landlock version of this kernel; 0 where there is none."""
    if platform.system() != "Linux":
        return 0
    version = _libc().syscall(
        _SYS_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION
    )
    return max(0, int(version))


def _attr(abi: int) -> tuple[_RulesetAttr, int]:
    rights = (1 << _FS_RIGHTS[min(abi, 6)]) - 1
    net = _NET_RIGHTS if abi >= 4 else 0
    scoped = _SCOPES if abi >= 6 else 0
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    return _RulesetAttr(rights, net, scoped), size


def restrict(folder: str, files: list[str], abi: int) -> None:
    """Landlock: folder may be read and written, files read and executed, no more."""
    libc = _libc()
    attr, size = _attr(abi)
    ruleset = libc.syscall(
        _SYS_CREATE_RULESET, ctypes.byref(attr), ctypes.c_size_t(size), 0
    )
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    inside = READ_FILE | WRITE_FILE | READ_DIR | REMOVE_FILE | MAKE_REG | TRUNCATE
    _allow(libc, ruleset, folder, inside & attr.handled_access_fs)
    for path in files:
        _allow(libc, ruleset, path, READ_FILE | EXECUTE)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if libc.syscall(_SYS_RESTRICT_SELF, ruleset, 0):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(ruleset)


def _allow(libc: Any, ruleset: int, path: str, access: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = _PathBeneathAttr(access, parent)
    failed = libc.syscall(
        _SYS_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0
    )
    os.close(parent)
    if failed:
        raise OSError(ctypes.get_errno(), f"landlock_add_rule {path}")


def limit(limits: dict[str, int]) -> None:
    """Lower the limits named ("CPU": seconds, "AS", "FSIZE", … bytes or counts)."""
    for name, value in {"CORE": 0, **limits}.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:
            continue
        _, hard = resource.getrlimit(number)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        try:
            resource.setrlimit(number, (value, value))
        except (ValueError, OSError):
            # macOS refuses RLIMIT_AS below what is mapped already.
            continue


def main(argv: list[str]) -> None:
    """Become the tool of argv[1:] under the plan of argv[0]; ends this process."""
    plan = json.loads(argv[0])
    abi = landlock_abi()
    if plan["landlock"] and not abi:
        sys.exit(NO_LANDLOCK)
    if platform.system() == "Linux":
        # A killed worker must not leave an assembler behind.
        _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.closerange(3, 256)
    if plan["landlock"]:
        restrict(".", plan["files"], abi)
    limit(plan["limits"])
    # Python ignores these; the tool must die of them.
    for number in (signal.SIGXFSZ, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    os.execve(argv[1], argv[1:], {"LC_ALL": "C"})


if __name__ == "__main__":
    main(sys.argv[1:])
