"""Remarks of a bundle. Their authors are names of another installation: nobody here has
written them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from sessions_app.errors import InvalidAnchor, InvalidBundle
from sessions_app.models import Annotation, DebugSession, EarlierText, Run
from sessions_app.models.anchor import MOMENTS
from sessions_app.parts import Part, check_part

_PART = ("register", "bit", "length", "cpu", "slot")


def annotations_import(
    *, session: DebugSession, run: Run, told: Sequence[dict[str, Any]]
) -> None:
    """Keep the remarks of a bundle, whose shapes were checked. Raises InvalidBundle: one
    is pinned to something that the machine does not have."""
    cpus = int(json.loads(run.recipe.body)["machine"]["cpus"])
    made: list[Annotation] = []
    for index, note in enumerate(told):
        above = None if note["answers"] is None else made[note["answers"]]
        try:
            made.append(_keep(session, run, note, above, cpus))
        except InvalidAnchor as error:
            raise InvalidBundle(
                f"annotations.json: remark {index}: {error.field}: {error}",
                field="file",
            ) from error


def _keep(
    session: DebugSession,
    run: Run,
    note: dict[str, Any],
    above: Annotation | None,
    cpus: int,
) -> Annotation:
    part = _part(note) if note["of_run"] else Part(register=note["register"])
    check_part(part, cpus=cpus, has_moment=note["seq"] is not None)
    where = (run.imported or {}).get("where") or "elsewhere"
    now = timezone.now()
    made = Annotation.objects.create(
        session=session,
        author=None,
        author_name=f"{note['author']} at {where}"[:150],
        body=note["body"],
        run=run if note["of_run"] else None,
        seq=note["seq"] if note["of_run"] else None,
        moment=note["moment"] if note["moment"] in MOMENTS else "",
        patch_line=note["patch_line"],
        answers=above,
        resolved_at=now if note["resolved"] else None,
        removed_at=now if note["removed"] else None,
        **part.columns,
    )
    if note["created_at"]:
        when = parse_datetime(note["created_at"])
        Annotation.objects.filter(pk=made.pk).update(created_at=when)
    EarlierText.objects.bulk_create(
        EarlierText(annotation=made, body=text["body"], replaced_at=text["replaced_at"])
        for text in note["earlier"]
    )
    return made


def _part(note: dict[str, Any]) -> Part:
    address = note["address"]
    given = {name: note[name] for name in _PART}
    return Part(**given, address=None if address is None else int(address, 16))
