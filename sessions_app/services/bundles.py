"""A bundle of another installation becomes a session here; or nothing at all."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from hwbpweb.redis import redis_client
from sessions_app import dispatch, trace
from sessions_app.chunkstore import BLOCKS
from sessions_app.errors import DomainError, InvalidBundle, JobFailed
from sessions_app.models import (
    Image,
    Run,
    RunCommand,
)
from sessions_app.services.bundle_remarks import annotations_import
from sessions_app.services.chunks import chunks_keep
from sessions_app.services.images import image_lines
from sessions_app.services.quotas import bytes_check, image_charge
from sessions_app.services.recipes import recipe_store
from sessions_app.services.sessions import session_create

_LOCK = "bundle:import"
_LOCK_SECONDS = 60
_EPOCH = 1
_AT_ONCE = 64
_FAILURES = ("crashed", "killed", "recipe_error")
_MANY = 500


class BundleTooLarge(DomainError):
    """The file is longer than this installation takes."""

    code = "bundle_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class ImportBusy(DomainError):
    """Another bundle is being checked; each takes much memory."""

    code = "import_busy"
    status = HTTPStatus.SERVICE_UNAVAILABLE


def bundle_import(*, owner: User, data: bytes) -> Run:
    """The run in a new session of the owner. The file is checked in a limited child
    before a row is written. Raises StorageFull, and InvalidBundle, which says what is
    wrong and where."""
    if len(data) > settings.MAX_BUNDLE:
        raise BundleTooLarge(
            f"{len(data)} bytes; a bundle may have at most {settings.MAX_BUNDLE}",
            field="file",
            value=len(data),
            allowed=f"at most {settings.MAX_BUNDLE} bytes",
        )
    bytes_check(owner, len(data))
    answer = _checked(data)
    _add_lines(data, answer)
    return bundle_keep(owner=owner, data=data, answer=answer)


def _add_lines(data: bytes, answer: dict[str, Any]) -> None:
    """Source lines of programs that are new here, as of an uploaded one."""
    images = answer["bundle"]["images"] if answer.get("ok") else []
    known = Image.objects.in_bulk([image["sha256"] for image in images])
    archive = trace.BundleArchive(data) if images else None
    for image in images:
        image["lines"] = {}
        if archive and image["kind"] == "elf64" and image["sha256"] not in known:
            program = archive.read(trace.bundle_image(image["sha256"]))
            image["lines"] = image_lines(program)


def _checked(data: bytes) -> dict[str, Any]:
    try:
        with redis_client() as client:
            if not client.set(_LOCK, "1", nx=True, ex=_LOCK_SECONDS):
                raise ImportBusy(
                    "another bundle is being imported; try again in a minute"
                )
            try:
                return dispatch.quick_job({"job": "bundle"}, data)[0]
            finally:
                client.delete(_LOCK)
    except redis.RedisError as error:
        raise JobFailed("the queue of short jobs cannot be reached") from error


@transaction.atomic
def bundle_keep(*, owner: User, data: bytes, answer: dict[str, Any]) -> Run:
    """Write what the child found. Raises InvalidBundle; then nothing is kept."""
    if not answer.get("ok"):
        error = answer.get("error") or {}
        where = f"{error['field']}: " if error.get("field") else ""
        raise InvalidBundle(f"{where}{error.get('detail') or 'refused'}", field="file")
    found = answer["bundle"]
    archive = trace.BundleArchive(data)
    for image in found["images"]:
        data_of = archive.read(trace.bundle_image(image["sha256"]))
        image_charge(owner, _keep_image(image, data_of))
    try:
        recipe = recipe_store(found["recipe"])
    except DomainError as error:
        raise InvalidBundle(f"recipe.json: {error.detail}", field="file") from error
    if recipe.pk != found["run"]["recipe"]:
        raise InvalidBundle("recipe.json: is not in its canonical form", field="file")
    session = session_create(owner=owner, patch_text=found["patch"], **found["session"])
    run = Run.objects.create(
        session=session, recipe=recipe, **_run_fields(found, owner)
    )
    _keep_chunks(run, found["chunks"], archive)
    _keep_commands(run, found["commands"])
    annotations_import(session=session, run=run, told=found["annotations"])
    return run


def _keep_image(image: dict[str, Any], data: bytes) -> Image:
    columns = ("kind", "name", "source", "load", "entry", "symbols", "lines")
    kept, _ = Image.objects.get_or_create(
        pk=image["sha256"],
        defaults={
            "data": data,
            "size": len(data),
            **{name: image[name] for name in columns},
        },
    )
    return kept


def _run_fields(found: dict[str, Any], owner: User) -> dict[str, Any]:
    run = found["run"]
    state = Run.State.FINISHED
    if run["outcome"] in _FAILURES:
        state = Run.State.FAILED
    elif run["outcome"] == "cancelled":
        state = Run.State.CANCELLED
    return {
        "number": 1,
        "label": run["label"],
        "state": state,
        "outcome": run["outcome"],
        "detail": run["detail"],
        "digest": run["digest"],
        "emulator_version": run["emulator"],
        "events": found["events"],
        "hits": found["hits"],
        "retired": found["retired"],
        "violations": found["violations"],
        "epoch": _EPOCH,
        "tidy": False,  # the reaper makes its marks
        "started_at": run["started_at"] and parse_datetime(run["started_at"]),
        "finished_at": run["finished_at"] and parse_datetime(run["finished_at"]),
        "imported": {
            **found["from"],
            "run": run["id"],
            "number": run["number"],
            "by": owner.get_username(),
            "at": timezone.now().isoformat(),
        },
    }


def _keep_chunks(
    run: Run, chunks: list[dict[str, Any]], archive: trace.BundleArchive
) -> None:
    """As they are: the child has decoded each, and equal events are equal bytes."""
    for at in range(0, len(chunks), _AT_ONCE):
        chunks_keep(
            run.pk,
            _EPOCH,
            [_chunk(stats, archive) for stats in chunks[at : at + _AT_ONCE]],
        )


def _chunk(stats: dict[str, Any], archive: trace.BundleArchive) -> trace.Chunk:
    names = [trace.bundle_block(stats["first_seq"], block) for block in BLOCKS]
    hot, cold, side = (archive.read(n) if n in archive else b"" for n in names)
    return trace.Chunk(hot, cold, side, trace.ChunkStats(**stats))


def _keep_commands(run: Run, lines: list[dict[str, Any]]) -> None:
    commands = [
        RunCommand(
            run=run,
            epoch=_EPOCH,
            number=number,
            **{**line, "data": bytes.fromhex(line["data"])},
        )
        for number, line in enumerate(lines, start=1)
    ]
    RunCommand.objects.bulk_create(commands, batch_size=_MANY)
