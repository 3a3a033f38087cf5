"""H, T, qC, q?ThreadInfo, qThreadExtraInfo: CPUs and sleeping tasks are threads.

Each CPU is the thread of the task it was running, an idle one goes by -2 - cpu; tasks
that sleep follow. Ids are 32-bit numbers, as kgdb's.
"""

from __future__ import annotations

from emulator.gdbstub.full.session import PACKET_SIZE, Family, FullSession
from emulator.gdbstub.hexadecimal import Reader, int32, to_hex
from emulator.gdbstub.replies import EINVAL, OK, Data, Error, Reply
from emulator.gdbstub.target import Task, Threads, find_task

#: Thread numbers of the protocol that mean no thread of their own.
ANY, ALL = 0, -1
#: "ffffffff,"
_LONGEST_ID = 9
_PER_REPLY = (PACKET_SIZE - 1) // _LONGEST_ID


def thread_text(thread: int) -> bytes:
    """A thread id in a packet."""
    return b"%x" % (thread & 0xFFFFFFFF)


def read_thread(reader: Reader) -> int:
    """A thread id, ANY or ALL; EINVAL when it is no number. gdb writes -3 for what it
    was told as fffffffd."""
    return -reader.number() if reader.skip(b"-") else int32(reader.number())


def all_threads(threads: Threads) -> list[Task]:
    """CPUs first, then who sleeps."""
    on_cpus = [threads.on_cpu(cpu) for cpu in range(threads.cpus)]
    known = {task.thread_id for task in on_cpus}
    return on_cpus + [t for t in threads.tasks() if t.thread_id not in known]


def describe(task: Task) -> str:
    """Where a thread is."""
    return "sleeping" if task.cpu is None else f"on CPU {task.cpu}"


def _choose(session: FullSession, text: bytes) -> Reply:
    """Hg and Hc thread."""
    reader = Reader(text, 1)
    number = read_thread(reader)
    reader.end()
    thread = None if number in (ANY, ALL) else number
    if thread is not None and find_task(session.target.threads, thread) is None:
        return Error(EINVAL, f"no thread {thread}")
    match text[:1]:
        case b"g":
            session.chosen = thread
        case b"c":
            session.to_step = thread
        case _:
            return Error(EINVAL, "Hg and Hc are known")
    return OK()


def _is_alive(session: FullSession, text: bytes) -> Reply:
    number = read_thread(Reader(text))
    found = find_task(session.target.threads, number)
    return OK() if found else Error(EINVAL, f"no thread {number}")


def _current(session: FullSession, text: bytes) -> Reply:
    return Data(b"QC" + thread_text(session.current))


def _first(session: FullSession, text: bytes) -> Reply:
    session.listing[:] = [t.thread_id for t in all_threads(session.target.threads)]
    return _next(session, text)


def _next(session: FullSession, text: bytes) -> Reply:
    batch = session.listing[:_PER_REPLY]
    del session.listing[:_PER_REPLY]
    return Data(b"m" + b",".join(map(thread_text, batch))) if batch else Data(b"l")


def _extra_info(session: FullSession, text: bytes) -> Reply:
    reader = Reader(text)
    reader.expect(b",")
    number = read_thread(reader)
    task = find_task(session.target.threads, number)
    if task is None:
        return Error(EINVAL, f"no thread {number}")
    info = f"{task.comm}, {describe(task)}"
    return Data(to_hex(info.encode(errors="replace")))


THREADS = Family(
    {
        b"H": _choose,
        b"T": _is_alive,
        b"qC": _current,
        b"qfThreadInfo": _first,
        b"qsThreadInfo": _next,
        b"qThreadExtraInfo": _extra_info,
    }
)
