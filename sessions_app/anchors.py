"""Where a remark is to be pinned, from what was asked for. One place for page and REST."""

from __future__ import annotations

from sessions_app.errors import InvalidAnchor
from sessions_app.models import DebugSession, Run
from sessions_app.models.anchor import MOMENTS
from sessions_app.parts import NOTHING, Part, check_part
from sessions_app.run_facts import run_facts
from sessions_app.services.annotations import Anchor


def anchor_of(
    session: DebugSession,
    *,
    run: int | None = None,
    seq: int | None = None,
    part: Part = NOTHING,
    patch_line: int | None = None,
    moment: str = "",
) -> Anchor:
    """run: its number in the session. Raises InvalidAnchor naming the field, the value
    and what is allowed."""
    if seq is not None and run is None:
        raise InvalidAnchor("seq needs a run", field="run", allowed="its number")
    found = None if run is None else _run(session, run)
    if found is not None and seq is not None:
        _check_seq(found, seq)
    _check_line(session, patch_line)
    cpus = run_facts(found).cpus if found is not None else None
    check_part(part, cpus=cpus, has_moment=seq is not None)
    _check_moment(moment, seq)
    return Anchor(found, seq, part, patch_line, moment)


def _run(session: DebugSession, number: int) -> Run:
    runs = Run.objects.filter(session=session)
    found = runs.select_related("recipe", "session").filter(number=number).first()
    if found is None:
        last = runs.count()
        raise InvalidAnchor(
            "no such run",
            field="run",
            value=number,
            allowed=f"1 to {last}" if last else "none: the session has no run",
        )
    return found


def _check_seq(run: Run, seq: int) -> None:
    """A run that goes on has events that its row does not know yet."""
    if run.is_over and run.events and seq > run.events:
        raise InvalidAnchor(
            "no such event", field="seq", value=seq, allowed=f"1 to {run.events}"
        )


def _check_line(session: DebugSession, line: int | None) -> None:
    lines = len(session.patch_text.splitlines())
    if line is not None and not 1 <= line <= lines:
        allowed = f"1 to {lines}" if lines else "none: the session has no patch"
        raise InvalidAnchor(
            "no such line", field="patch_line", value=line, allowed=allowed
        )


def _check_moment(moment: str, seq: int | None) -> None:
    if moment and (moment not in MOMENTS or seq is None):
        raise InvalidAnchor(
            "no such snapshot of an event",
            field="moment",
            value=moment,
            allowed=", ".join(MOMENTS) + ", with seq",
        )
