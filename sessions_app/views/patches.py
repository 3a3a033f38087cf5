"""A patch: its diff with remarks in place, remarks of one's own, the answer as mail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from sessions_app.errors import DomainError
from sessions_app.forms.reviews import RemarkChangeForm, ReviewRemarkForm
from sessions_app.mail.message import Person, parse_message
from sessions_app.mail.reply import Reply, Said, reply_to
from sessions_app.models import (
    MailMessage,
    ReviewRemark,
    Run,
    SeriesPatch,
    SeriesVersion,
)
from sessions_app.parts import Part, parse_part, part_of
from sessions_app.permissions import (
    ReviewAccess,
    own_words,
    person_of,
    remarking,
    review_access,
)
from sessions_app.reviews.diff import patch_view
from sessions_app.reviews.evidence import tested_block
from sessions_app.reviews.proof import proof_of
from sessions_app.reviews.talk import talk_under
from sessions_app.reviews.trials import latest_trials
from sessions_app.reviews.versions import carried_to
from sessions_app.services.reviews import (
    Place,
    remark_claim,
    remark_create,
    remark_edit,
    remark_remove,
    remark_resolve,
    remarks_publish,
)
from sessions_app.views.reviews import (
    mails_of,
    mentions_in,
    remarks_for,
    versions_of,
)

_VIEWS = ("unified", "split")


def _patch(
    access: ReviewAccess, version: int, number: int
) -> tuple[list[SeriesVersion], SeriesVersion, SeriesPatch]:
    versions = versions_of(access.review)
    found = next((v for v in reversed(versions) if v.version == version), None)
    patches = found.patches.all() if found is not None else ()
    patch = next((p for p in patches if p.number == number), None)
    if found is None or patch is None:
        raise Http404("no such patch")
    return versions, found, patch


@require_safe
def patch(
    request: HttpRequest, review_id: UUID, version: int, number: int
) -> HttpResponse:
    """Diff, description and everything that was said."""
    access = review_access(request, review_id)
    versions, chosen, found = _patch(access, version, number)
    mails, remarks = mails_of(access.review), remarks_for(access)
    before = next((v for v in reversed(versions) if v.version < version), None)
    carried = carried_to(found, chosen, before, mails, remarks)
    says = [*talk_under(found.message, mails, remarks), *carried.here]
    view = request.GET.get("view", "")
    context: dict[str, Any] = {
        "page": "reviews",
        "access": access,
        "review": access.review,
        "versions": _with_patch(versions, found),
        "version": chosen,
        "patch": found,
        "view": patch_view(found.message.body, says),
        "split": view == _VIEWS[1],
        "outdated": carried.outdated,
        "claims": [r for r in remarks if r.message_id == found.message_id and r.claim],
        "drafts": _drafts(remarks, access),
        "line": request.GET.get("line", ""),
        "mentions": mentions_in(access, remarks),
        **_neighbours(chosen, found),
    }
    answer = render(request, "reviews/patch.html", context)
    if access.review.visibility != "public":
        answer["X-Robots-Tag"] = "noindex"
    return answer


def _with_patch(
    versions: list[SeriesVersion], chosen: SeriesPatch
) -> list[tuple[SeriesVersion, SeriesPatch | None]]:
    """Each version with the patch of the same title, else of the same number."""
    found = []
    for version in versions:
        patches = list(version.patches.all())
        same = [p for p in patches if p.title == chosen.title]
        same += [p for p in patches if p.number == chosen.number]
        found.append((version, same[0] if same else None))
    return found


def _neighbours(version: SeriesVersion, chosen: SeriesPatch) -> dict[str, Any]:
    patches = list(version.patches.all())
    at = patches.index(chosen)
    return {
        "previous": patches[at - 1] if at else None,
        "following": patches[at + 1] if at + 1 < len(patches) else None,
    }


def _drafts(remarks: list[ReviewRemark], access: ReviewAccess) -> int:
    return sum(r.draft and access.is_own(r) for r in remarks)


@require_POST
def remark(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Write a draft on lines of a message."""
    access = remarking(request, review_id)
    form = ReviewRemarkForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A remark needs words, at most 10 000 characters.")
        return redirect("review", review_id)
    given = form.cleaned_data
    message = MailMessage.objects.filter(
        review=access.review, pk=given["message"]
    ).first()
    if message is None:
        raise Http404("no such message")
    seen = {remark.pk: remark for remark in remarks_for(access)}
    answers = seen.get(given["answers"])
    if given["answers"] and answers is None:
        raise Http404("no such remark")
    first, at = sorted((given["first"] or given["at"] or 0, given["at"] or 0))
    if answers is not None:
        message, first, at = answers.message, answers.first, answers.at
    try:
        proof = (
            proof_of(
                request,
                given["proof"],
                part=parse_part(given["on"]) or Part(register=given["register"]),
                claim=given["claim"],
            )
            if given["proof"]
            else None
        )
        remark_create(
            author=access.account,
            name=access.name,
            place=Place(message, first, at),
            body=given["body"],
            proof=proof,
            answers=answers,
        )
    except DomainError as error:
        allowed = f"; allowed: {error.allowed}" if error.allowed else ""
        messages.error(request, f"Not kept: {error}{allowed}.")
    return redirect(f"{_place_of(message)}#line-{at}")


def _place_of(message: MailMessage) -> str:
    """The page that shows a message."""
    found = message.patches.select_related("version").last()
    if found is None:
        return reverse("review", args=[message.review_id])
    return reverse(
        "review-patch", args=[message.review_id, found.version.version, found.number]
    )


@require_POST
def remark_change(
    request: HttpRequest, review_id: UUID, remark_id: UUID
) -> HttpResponse:
    """Edit, resolve, take out; other people's words are only resolved by the owner."""
    access = own_words(request, review_id)
    seen = {r.pk: r for r in remarks_for(access)}
    found = seen.get(remark_id)
    form = RemarkChangeForm(request.POST)
    if found is None or not form.is_valid():
        raise Http404("no such remark")
    what = form.cleaned_data["do"]
    mine = access.is_own(found)
    if not mine and not (access.can_write and what in ("resolve", "reopen")):
        raise Http404("not yours")
    try:
        _carry_out(found, what, form.cleaned_data)
    except DomainError as error:
        messages.error(request, f"Not changed: {error}.")
    return redirect(f"{_place_of(found.message)}#line-{found.at}")


def _carry_out(remark: ReviewRemark, what: str, given: dict[str, Any]) -> None:
    if what == "remove":
        remark_remove(remark=remark)
    elif what == "edit":
        remark_edit(remark=remark, body=given["body"])
    elif what == "claim":
        remark_claim(remark=remark, claim=given["claim"] or "open")
    else:
        remark_resolve(remark=remark, resolved=what == "resolve")


@require_POST
def publish(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Show one's drafts to everybody who reads."""
    access = own_words(request, review_id)
    count = remarks_publish(review=access.review, author=person_of(request))
    messages.success(request, f"{count} remarks are seen by everybody now.")
    back = request.POST.get("back", "")
    own = reverse("review", args=[review_id])
    return redirect(back if back.startswith(own) else own)


@require_safe
def reply(
    request: HttpRequest, review_id: UUID, version: int, number: int
) -> HttpResponse:
    """One's open remarks on a patch as a mail to send: nothing is sent from here."""
    access = own_words(request, review_id)
    _, _, found = _patch(access, version, number)
    mine = [
        r
        for r in remarks_for(access)
        if access.is_own(r)
        and r.message_id == found.message_id
        and r.resolved_at is None
    ]
    me = _person(request)
    now = timezone.now()
    ours = f"{now:%Y%m%d%H%M%S}.{found.pk}.{me.address}"
    mail = reply_to(
        parse_message(bytes(found.message.raw)),
        Reply(me, now, ours),
        [_said(request, each) for each in mine],
    )
    answer = HttpResponse(mail, content_type="message/rfc822")
    answer["Content-Disposition"] = f'attachment; filename="re-patch-{number}.eml"'
    return answer


def _person(request: HttpRequest) -> Person:
    person = person_of(request)
    address = person.email or f"{person.get_username()}@localhost.invalid"
    return Person(person.get_full_name() or person.get_username(), address)


@require_safe
def tested(request: HttpRequest, review_id: UUID, version: int) -> HttpResponse:
    """A Tested-by block of the runs that prove something about a version."""
    access = own_words(request, review_id)
    own = access.review.versions.filter(version=version)
    patches = {p.message_id for v in own for p in v.patches.all()}
    if not patches:
        raise Http404("no such version")
    claims = [r for r in remarks_for(access) if r.message_id in patches and r.claim]
    trials = latest_trials(access.review, version)
    block = tested_block(
        _person(request), claims, trials, lambda run, query: _link(request, run, query)
    )
    text = block or "No run of this version is named as evidence yet."
    return HttpResponse(f"{text}\n", content_type="text/plain; charset=utf-8")


def _said(request: HttpRequest, remark: ReviewRemark) -> Said:
    return Said(remark.body, remark.at, remark.first, tuple(_links(request, remark)))


def _links(request: HttpRequest, remark: ReviewRemark) -> list[str]:
    if remark.run is None or remark.seq is None:
        return []
    where = f"hit={remark.hit_no}" if remark.hit_no else f"event={remark.seq}"
    if remark.moment:
        where += f"&moment={remark.moment}"
    if part := part_of(remark):
        where += f"&on={part.key}"
    lines = [_link(request, remark.run, where)]
    if remark.run.digest:
        lines.append(f"(digest {remark.run.digest})")
    return lines


def _link(request: HttpRequest, run: Run, query: str) -> str:
    page = request.build_absolute_uri(reverse("session", args=[run.session_id]))
    return f"{page}?run={run.number}" + (f"&{query}" if query else "")
