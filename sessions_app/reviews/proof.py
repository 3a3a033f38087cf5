"""A link to a moment, as somebody pastes it, and what the machine said there."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.http import Http404, HttpRequest

from sessions_app.errors import DomainError, RemarkRefused
from sessions_app.miniatures import miniature
from sessions_app.models import ReviewRemark, Run
from sessions_app.notebook import kept_moment
from sessions_app.parts import NOTHING, Part, check_part, parse_part
from sessions_app.permissions import session_access
from sessions_app.run_facts import run_facts
from sessions_app.selectors import hit_by_number
from sessions_app.services.reviews import Proof

_PATH = re.compile(r"/sessions/([0-9a-f-]{36})/")
_ALLOWED = "the address of a session page at a hit or an event that you may read"


def proof_of(
    request: HttpRequest, address: str, *, part: Part = NOTHING, claim: str = ""
) -> Proof:
    """The moment and, of its machine, the part that is given, else the one that the
    address names (``on=dr7.1``). Raises RemarkRefused: no such address, or a moment that
    this person may not see; InvalidAnchor: no such part."""
    run, seq, moment, on = _moment(request, address)
    part = part or parse_part(on)
    facts = run_facts(run)
    check_part(part, cpus=facts.cpus, has_moment=True)
    try:
        kept = kept_moment(run, seq, moment)
    except DomainError as error:
        raise _refused(address) from error
    words = [f"{kept.title}.", kept.sentence, f"({kept.place})"]
    shown = miniature(run, kept.seq, part, kept.moment)
    if shown is not None:
        words.append(f"{shown.sentence}.")
    return Proof(
        run,
        kept.seq,
        kept.hit_no,
        " ".join(words),
        part,
        kept.moment,
        claim or ReviewRemark.Claim.OPEN,
    )


def _moment(request: HttpRequest, address: str) -> tuple[Run, int, str, str]:
    run, query = _run(request, address)
    hit = hit_by_number(run, _number(query.get("hit")))
    seq = hit.seq if hit is not None else _number(query.get("event"))
    if not seq:
        raise _refused(address)
    return run, seq, query.get("moment", ""), query.get("on", "")


def run_at(request: HttpRequest, address: str) -> Run:
    """The run of a session page's address. Raises RemarkRefused, as proof_of."""
    return _run(request, address)[0]


def _run(request: HttpRequest, address: str) -> tuple[Run, dict[str, str]]:
    parts = urlsplit(address.strip())
    found = _PATH.search(parts.path)
    if found is None:
        raise _refused(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    try:
        access = session_access(request, UUID(found[1]))
    except (Http404, ValueError) as error:
        raise _refused(address) from error
    runs = Run.objects.filter(session=access.session).select_related(
        "recipe", "session"
    )
    number = _number(query.get("run"))
    run = (
        runs.filter(number=number).first()
        if number
        else runs.order_by("-number").first()
    )
    if run is None:
        raise _refused(address)
    return run, query


def _number(text: str | None) -> int:
    return (
        int(text)
        if text and text.isascii() and text.isdigit() and len(text) < 16
        else 0
    )


def _refused(address: str) -> RemarkRefused:
    return RemarkRefused(
        "that is no moment", field="proof", value=address[:200], allowed=_ALLOWED
    )
