"""What a delivery says: the words of REST, written down when it happened."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from sessions_app.models import Annotation, DebugSession, Review, ReviewRemark, Run
from sessions_app.services.notices.places import annotation_place, remark_place


def message(event: str, data: dict[str, Any], at: datetime) -> str:
    """The body: type, timestamp, data."""
    told = {"type": event, "timestamp": _time(at), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def run_data(run: Run) -> dict[str, Any]:
    """Of a run that is over."""
    page = reverse("session", args=[run.session_id])
    return {
        "run": run_words(run),
        "session": _thing(run.session),
        "url": f"{settings.SITE_URL}{page}?run={run.number}",
    }


def run_words(run: Run) -> dict[str, Any]:
    """As GET /api/v1/runs/<id>/ says it."""
    return {
        "id": str(run.pk),
        "session": str(run.session_id),
        "number": run.number,
        "recipe": run.recipe_id,
        "label": run.label,
        "state": run.state,
        "outcome": run.outcome,
        "detail": run.detail,
        "events": run.events,
        "hits": run.hits,
        "retired": run.retired,
        "digest": run.digest,
        "violations": run.violations,
        "emulator_version": run.emulator_version,
        "created_at": _time(run.created_at),
        "started_at": _time(run.started_at),
        "finished_at": _time(run.finished_at),
    }


def annotation_data(annotation: Annotation) -> dict[str, Any]:
    """Of a remark in a session."""
    return {
        "remark": annotation_words(annotation),
        "session": _thing(annotation.session),
        "url": settings.SITE_URL + annotation_place(annotation),
    }


def annotation_words(annotation: Annotation) -> dict[str, Any]:
    """As GET /api/v1/sessions/<id>/annotations/ says it."""
    return {
        "id": str(annotation.pk),
        "body": annotation.body,
        "author_name": annotation.author_name,
        "run": annotation.run.number if annotation.run else None,
        "seq": annotation.seq,
        **_pinned(annotation),
        "patch_line": annotation.patch_line,
        "answers": str(annotation.answers_id) if annotation.answers_id else None,
        "created_at": _time(annotation.created_at),
    }


def remark_data(remark: ReviewRemark) -> dict[str, Any]:
    """Of a remark in a review."""
    return {
        "remark": remark_words(remark),
        "review": _thing(remark.review),
        "url": settings.SITE_URL + remark_place(remark),
    }


def remark_words(remark: ReviewRemark) -> dict[str, Any]:
    """As GET /api/v1/reviews/<id>/remarks/ says it."""
    return {
        "id": str(remark.pk),
        "message_id": remark.message.message_id,
        "first": remark.first,
        "at": remark.at,
        "body": remark.body,
        "author_name": remark.author_name,
        "run": str(remark.run_id) if remark.run_id else None,
        "seq": remark.seq,
        "hit_no": remark.hit_no,
        **_pinned(remark),
        "evidence": remark.evidence,
        "claim": remark.claim,
        "created_at": _time(remark.created_at),
    }


def _pinned(of: Annotation | ReviewRemark) -> dict[str, Any]:
    """The part of the machine."""
    return {
        "register": of.register,
        "bit": of.bit,
        "address": None if of.address is None else f"{of.address:#x}",
        "length": of.length,
        "cpu": of.cpu,
        "slot": of.slot,
        "moment": of.moment,
    }


def _thing(of: DebugSession | Review) -> dict[str, str]:
    return {"id": str(of.pk), "title": of.title}


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
