"""H, T, qC, q?ThreadInfo, qThreadExtraInfo: tasks, and each CPU as a shadow thread."""

from __future__ import annotations

from emulator.gdbstub.faithful.session import FaithfulSession
from emulator.gdbstub.hexadecimal import Reader, int32, to_hex
from emulator.gdbstub.replies import EINVAL, OK, Data, Error, Reply, Unsupported
from emulator.gdbstub.target import find_task

#: KGDB_MAX_THREAD_QUERY
THREADS_PER_REPLY = 17
#: TASK_COMM_LEN: comm is told whole, with its NULs.
COMM_SIZE = 16


def choose(session: FaithfulSession, packet: bytes) -> Reply:
    """Hg and Hc thread."""
    number = Reader(packet, 2).long() or 0
    thread = session.thread(number)
    if packet[1:2] == b"c":
        return _choose_to_continue(session, number, thread)
    if packet[1:2] != b"g":
        return Unsupported()
    if thread is None:
        return Error(EINVAL)
    session.chosen = thread
    return OK()


def _choose_to_continue(
    session: FaithfulSession, number: int, thread: int | None
) -> Reply:
    if number and thread is None:
        return Error(EINVAL)
    session.continue_thread = thread if number else None
    return OK()


def is_alive(session: FaithfulSession, packet: bytes) -> Reply:
    """T thread."""
    found = session.thread(Reader(packet, 1).long() or 0)
    return OK() if found is not None else Error(EINVAL)


def current(session: FaithfulSession, packet: bytes) -> Reply:
    """qC, and whatever begins so."""
    return Data(b"QC" + session.rules.thread_ids.text(session.current))


def listed(session: FaithfulSession, packet: bytes) -> Reply:
    """qfThreadInfo and qsThreadInfo.

    First the CPUs, then tasks, 17 in a reply. When none is left the kernel takes back
    the separator that it did not write, the 'm': an empty reply instead of 'l'.
    """
    threads = session.target.threads
    ids: list[int] = []
    if packet[1:2] == b"f":
        session.threads_listed = 0
        ids += [-2 - cpu for cpu in range(threads.cpus)]
    start = session.threads_listed
    tasks = threads.tasks()[start : start + THREADS_PER_REPLY]
    session.threads_listed += len(tasks)
    ids += [task.pid for task in tasks]
    text = session.rules.thread_ids.text
    return Data(b"m" + b",".join(map(text, ids))) if ids else Data(b"")


def extra_info(session: FaithfulSession, packet: bytes) -> Reply:
    """qThreadExtraInfo,thread: comm, or the name of a shadow thread."""
    number = Reader(packet, len(b"qThreadExtraInfo,")).long() or 0
    thread = session.thread(number)
    if thread is None:
        return Error(EINVAL)
    number = int32(number)
    if number <= 0:
        return Data(to_hex(b"shadowCPU%d" % (-number - 2)))
    task = find_task(session.target.threads, thread)
    comm = task.comm.encode(errors="replace") if task else b""
    return Data(to_hex(comm[: COMM_SIZE - 1].ljust(COMM_SIZE, b"\0")))
