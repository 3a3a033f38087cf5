"""The members of a run's bundle (docs/bundle.md), one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils import timezone

from sessions_app import trace
from sessions_app.chunkstore import BLOCKS, read_blocks
from sessions_app.errors import RunNotOver
from sessions_app.models import Annotation, EventChunk, Image, Run
from sessions_app.parts import part_of
from sessions_app.services.chunks import run_tidy
from sessions_app.services.debugger import command_lines

_SESSION = ("title", "description", "scenario")
_IMAGE = ("sha256", "size", "kind", "name", "source", "load", "entry", "symbols")


def run_bundle(run: Run, *, where: str, who: str) -> Iterator[bytes]:
    """The file. where and who: this installation and the person, as the other one will
    name them. Raises RunNotOver."""
    if not run.is_over:
        raise RunNotOver(
            f"run {run.number} is {run.state}; a bundle is of a run that is over"
        )
    run_tidy(run.pk)
    return trace.bundle_bytes(_members(run, where, who))


def _members(run: Run, where: str, who: str) -> Iterator[tuple[str, bytes]]:
    images = Image.objects.in_bulk(_image_keys(run))
    manifest = _manifest(run, images.values(), {"where": where, "who": who})
    yield trace.BUNDLE_MANIFEST, _json(manifest)
    yield trace.BUNDLE_RECIPE, run.recipe.body.encode()
    for sha256, image in images.items():
        yield trace.bundle_image(sha256), bytes(image.data)
    yield trace.BUNDLE_PATCH, run.session.patch_text.encode()
    yield trace.BUNDLE_ANNOTATIONS, _json(_annotations(run))
    lines = [json.dumps(line, separators=(",", ":")) for line in command_lines(run)]
    yield trace.BUNDLE_COMMANDS, "".join(f"{line}\n" for line in lines).encode()
    chunks = EventChunk.objects.filter(run=run, epoch=run.epoch).order_by("first_seq")
    for key in list(chunks.values_list("pk", flat=True)):
        yield from _blocks(EventChunk.objects.get(pk=key))


def _blocks(chunk: EventChunk) -> Iterator[tuple[str, bytes]]:
    found = read_blocks(chunk.pk, chunk.run_id, *BLOCKS)
    for name, block in zip(BLOCKS, found, strict=True):
        if block:
            yield trace.bundle_block(chunk.first_seq, name), block


def _image_keys(run: Run) -> list[str]:
    return [ref["sha256"] for ref in json.loads(run.recipe.body)["images"]]


def _manifest(run: Run, images: Any, source: dict[str, str]) -> dict[str, Any]:
    return {
        "format": trace.BUNDLE_FORMAT,
        "version": trace.BUNDLE_VERSION,
        "from": source | {"exported_at": timezone.now().isoformat()},
        "session": {name: getattr(run.session, name) for name in _SESSION},
        "run": {
            "id": str(run.pk),
            "number": run.number,
            "label": run.label,
            "recipe": run.recipe_id,
            "outcome": run.outcome,
            "detail": run.detail,
            "digest": run.digest,
            "emulator": run.emulator_version,
            "codec": trace.CODEC_VERSION,
            "started_at": run.started_at and run.started_at.isoformat(),
            "finished_at": run.finished_at and run.finished_at.isoformat(),
        },
        "images": [{name: getattr(i, name) for name in _IMAGE} for i in images],
    }


def _annotations(run: Run) -> list[dict[str, Any]]:
    """Remarks on this run and on the session as a whole, each with its answers; not those
    on other runs."""
    rows = Annotation.objects.filter(session=run.session).prefetch_related("earlier")
    found = list(rows.order_by("created_at"))
    mine = [n for n in found if n.answers_id is None and n.run_id in (None, run.pk)]
    places = {note.pk: place for place, note in enumerate(mine)}
    answers = [note for note in found if note.answers_id in places]
    return [_annotation(note, places) for note in (*mine, *answers)]


def _annotation(note: Annotation, places: Mapping[Any, int]) -> dict[str, Any]:
    """answers: the place in the list of what it answers, from 0."""
    part = part_of(note).columns
    if note.address is not None:
        part["address"] = f"{note.address:#x}"
    earlier = [
        {"body": text.body, "replaced_at": text.replaced_at.isoformat()}
        for text in note.earlier.all()
    ]
    return {
        "author": note.author_name,
        "body": note.body,
        "of_run": note.run_id is not None,
        "seq": note.seq,
        "moment": note.moment,
        **part,
        "patch_line": note.patch_line,
        "answers": places.get(note.answers_id),
        "resolved": note.resolved_at is not None,
        "removed": note.removed_at is not None,
        "created_at": note.created_at.isoformat(),
        "earlier": earlier,
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
