"""Whether a run comes out the same when it is done again, by today's emulator."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone

from sessions_app import trace
from sessions_app.chunkstore import BLOCKS, read_blocks
from sessions_app.errors import RunNotOver
from sessions_app.models import EventChunk, Run
from sessions_app.services.runs import run_create
from sessions_app.stream import publish_state


def run_verify(*, run: Run, by: User | None = None) -> Run:
    """A run of the same recipe, with the same commands, that is compared when it is over.
    Raises RunNotOver."""
    if not run.is_over:
        raise RunNotOver(f"run {run.number} is {run.state}; verify it when it is over")
    played = run if run.commands.exists() or run.played_from_id else None
    return run_create(
        session=run.session,
        recipe=run.recipe,
        by=by,
        label=f"verifies run {run.number}"[:200],
        played_from=played,
        verifies=run,
    )


def verification_finish(run_id: UUID) -> None:
    """Write down with the run that is verified what came of it; for other runs nothing."""
    again = Run.everything.select_related("verifies").get(pk=run_id)
    if again.verifies is None:
        return
    Run.everything.filter(pk=again.verifies.pk).update(
        verified={
            "run": str(again.pk),
            "number": again.number,
            "emulator": again.emulator_version,
            "same": same_run(again.verifies, again),
            "at": timezone.now().isoformat(),
        }
    )
    publish_state(again.verifies.pk)


def same_run(first: Run, second: Run) -> bool | None:
    """Whether two runs were the same. The digest covers the emulator's version, so that
    of another version is computed again over what is stored. None: it cannot be known,
    because a run was cut off from outside or its trace is not there any more."""
    if not first.digest or not second.digest:
        return None
    if first.emulator_version == second.emulator_version:
        return bool(first.digest == second.digest)
    if first.outcome != second.outcome:
        return False
    digest = stored_digest(first, second.emulator_version)
    return None if digest is None else digest == second.digest


def stored_digest(run: Run, emulator_version: str) -> str | None:
    """The digest of the stored events as if this version had recorded them."""
    digest = trace.TraceDigest()
    end = 0
    chunks = EventChunk.objects.filter(run=run, epoch=run.epoch).order_by("first_seq")
    for key, first, n in list(chunks.values_list("pk", "first_seq", "n")):
        if first != end + 1:
            return None
        hot, cold, side = read_blocks(key, run.pk, *BLOCKS)
        digest.add(
            trace.decode_records(hot, cold).tobytes(),
            trace.decode_snapshots(cold),
            trace.encode_texts(trace.decode_side(side)),
        )
        end += n
    if end != run.events:
        return None
    return digest.hexdigest(emulator_version, trace.outcome_number(run.outcome))
