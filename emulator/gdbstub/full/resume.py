"""c, s, C, S and vCont.

::

    vCont;action[:thread];...     action: c, s, C sig, S sig

The first action that names a thread, or none, holds for it; threads without one stay.
"""

from __future__ import annotations

from emulator.gdbstub.actions import Resume, ResumeKind, ThreadResume
from emulator.gdbstub.full.session import Family, FullSession
from emulator.gdbstub.full.threads import ALL, ANY, read_thread
from emulator.gdbstub.hexadecimal import Reader, malformed
from emulator.gdbstub.replies import EINVAL, Data, Error, Leave, Reply, Unsupported
from emulator.gdbstub.target import StubTarget, find_task

_KINDS = {
    b"c": (ResumeKind.CONTINUE, False),
    b"s": (ResumeKind.STEP, False),
    b"C": (ResumeKind.CONTINUE, True),
    b"S": (ResumeKind.STEP, True),
}


def _continue(session: FullSession, text: bytes) -> Reply:
    return _simple(session, ResumeKind.CONTINUE, 0, text)


def _step(session: FullSession, text: bytes) -> Reply:
    return _simple(session, ResumeKind.STEP, 0, text)


def _continue_with_signal(session: FullSession, text: bytes) -> Reply:
    signal, address = _signal_and_address(text)
    return _simple(session, ResumeKind.CONTINUE, signal, address)


def _step_with_signal(session: FullSession, text: bytes) -> Reply:
    signal, address = _signal_and_address(text)
    return _simple(session, ResumeKind.STEP, signal, address)


def _signal_and_address(text: bytes) -> tuple[int, bytes]:
    """sig[;addr]"""
    signal, _, address = text.partition(b";")
    reader = Reader(signal)
    number = reader.number()
    reader.end()
    return number, address


def _simple(session: FullSession, kind: ResumeKind, signal: int, text: bytes) -> Reply:
    """One thread does it, all others continue."""
    if not _can(session.target, kind):
        return Unsupported()
    address = None
    if text:
        reader = Reader(text)
        address = reader.number()
        reader.end()
    thread = session.current if session.to_step is None else session.to_step
    first = ThreadResume(kind, thread, signal)
    return Leave(Resume((first, ThreadResume(ResumeKind.CONTINUE)), address))


def _v_cont(session: FullSession, text: bytes) -> Reply:
    reader = Reader(text)
    reader.expect(b";")
    actions = [_action(session, item) for item in reader.rest().split(b";")]
    unknown = [a for a in actions if not _can(session.target, a.kind)]
    if unknown:
        return Error(EINVAL, f"{unknown[0].kind} is not possible here")
    return Leave(Resume(tuple(actions)))


def _action(session: FullSession, item: bytes) -> ThreadResume:
    if item[:1] not in _KINDS:
        raise malformed("c, s, C or S expected")
    kind, has_signal = _KINDS[item[:1]]
    reader = Reader(item, 1)
    signal = reader.number() if has_signal else 0
    thread = read_thread(reader) if reader.skip(b":") else ALL
    reader.end()
    if thread in (ANY, ALL):
        return ThreadResume(kind, None, signal)
    if find_task(session.target.threads, thread) is None:
        raise malformed(f"no thread {thread}")
    return ThreadResume(kind, thread, signal)


def _v_cont_actions(session: FullSession, text: bytes) -> Reply:
    """vCont?"""
    known = [n for n, (kind, _) in _KINDS.items() if _can(session.target, kind)]
    return Data(b";".join([b"vCont", *known])) if known else Unsupported()


def _can(target: StubTarget, kind: ResumeKind) -> bool:
    return target.resumption is not None and kind in target.resumption.kinds


def _announced(target: StubTarget) -> list[str]:
    return ["vContSupported+"] if target.resumption else []


RESUME = Family(
    {
        b"c": _continue,
        b"s": _step,
        b"C": _continue_with_signal,
        b"S": _step_with_signal,
        b"vCont": _v_cont,
        b"vCont?": _v_cont_actions,
    },
    _announced,
)
