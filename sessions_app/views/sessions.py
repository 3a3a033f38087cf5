"""The session page: one run, its hits, one chosen moment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from sessions_app import runner
from sessions_app.debugger_panels import SHOWN, debugger_panel
from sessions_app.errors import DomainError, InvalidAnchor
from sessions_app.event_views import EventView, event_view
from sessions_app.exports import FORMATS
from sessions_app.forms.sessions import PatchForm
from sessions_app.hit_lists import HitPage, hit_page
from sessions_app.kernels import kernel_choices
from sessions_app.models import Run
from sessions_app.moments import MomentView, moment_view
from sessions_app.notes import (
    Note,
    noted_parts,
    notes_between,
    patch_view,
    session_notes,
)
from sessions_app.packet_lists import packet_page
from sessions_app.parts import Part, parse_part, part_of
from sessions_app.permissions import (
    Access,
    controlled_run,
    numbered_run,
    owner_access,
    session_access,
)
from sessions_app.problems import Problems, run_problems
from sessions_app.queries import refused_breakpoints
from sessions_app.reviews.evidence import Proves, proved_by
from sessions_app.run_facts import run_facts
from sessions_app.run_queue import queue_place
from sessions_app.selectors import hit_number, notebook_entries, run_output
from sessions_app.services.deletion import deleted_runs
from sessions_app.services.retention import protection
from sessions_app.services.run_commands import run_command
from sessions_app.services.sessions import session_edit
from sessions_app.slot_panes import slot_pane
from sessions_app.timeline import lane_table
from sessions_app.trace import REGISTER_NAMES
from sessions_app.views.pages import run_shape, run_words, wants_fragment, whole_number
from sessions_app.views.sharing import share_choices

_OTHERS = 20
_MOMENTS = ("entry", "stub", "leave", "iret", "end")


def chosen_run(request: HttpRequest, access: Access) -> Run | None:
    """The run that the address names, else the latest."""
    runs = Run.objects.filter(session=access.session).select_related("recipe")
    number = whole_number(request.GET.get("run"))
    if "run" in request.GET:
        run = runs.filter(number=number).first() if number else None
        if run is None:
            raise Http404("no such run")
        return run
    return runs.order_by("-number").first()


def chosen_moment(
    request: HttpRequest, run: Run, notes: list[Note], default: int | None
) -> MomentView | None:
    """The hit that the address names, else the first one."""
    number = whole_number(request.GET.get("hit")) or default
    if number is None:
        return None
    wanted = request.GET.get("moment", "")
    view = moment_view(run, number, wanted if wanted in _MOMENTS else "")
    if view is not None:
        view.compare_since(request.GET.get("since", ""))
        view.remarks = _remarks(view, notes)
    return view


def _remarks(chosen: MomentView | EventView, notes: list[Note]) -> list[Note]:
    """On what the page of a hit or of an event shows: the events of its tree."""
    first = chosen.record.seq
    last = chosen.records[-1].seq if chosen.records else first
    return notes_between(notes, chosen.run, first, last)


def chosen_event(request: HttpRequest, run: Run, found: Problems) -> int | None:
    """The event that the address names; in a run without hits, what is wrong first."""
    if "event" in request.GET:
        return whole_number(request.GET.get("event"))
    return found.first_event if not run.hits else None


def _proves(
    request: HttpRequest, run: Run, moment: MomentView | None, event: EventView | None
) -> list[Proves]:
    """Remarks of reviews that the chosen moment is evidence for."""
    seq = moment.record.seq if moment else event.seq if event else None
    return [] if seq is None else proved_by(request, run, seq)


def _place(
    request: HttpRequest,
    moment: MomentView | None,
    event: EventView | None,
    run: Run,
    notes: list[Note],
) -> dict[str, Any]:
    """Registers and slots of the chosen moment, and what of them is remarked on."""
    chosen = moment or event
    if chosen is None:
        return {"state": None, "slots": None, "noted_parts": noted_parts([])}
    proves = _proves(request, run, moment, event)
    proven = [part_of(each.remark) for each in proves] + _pointed_at(request)
    state = chosen.state
    last = chosen.records[-1].seq if chosen.records else chosen.record.seq
    seq = state.snapshot.seq if moment and state else last
    remarks = _remarks(chosen, notes)
    where = f"hit={moment.number}" if moment else f"event={event.seq if event else 0}"
    return {
        "state": state,
        "slots": slot_pane(run, seq, state),
        "noted_parts": noted_parts([*(n.part for n in remarks), *proven]),
        "chosen_remarks": remarks,
        "proves": proves,
        "part_names": REGISTER_NAMES,
        "place_query": f"run={run.number}&{where}",
    }


def _pointed_at(request: HttpRequest) -> list[Part]:
    """The part that the address names; one that makes no sense points at nothing."""
    try:
        return [parse_part(request.GET.get("on", ""))]
    except InvalidAnchor:
        return []


def _context(request: HttpRequest, access: Access, run: Run) -> dict[str, Any]:
    facts = run_facts(run)
    notes = session_notes(access.session)
    found = run_problems(run)
    seq = chosen_event(request, run, found)
    event = event_view(run, seq) if seq else None
    if event is not None:
        event.remarks = _remarks(event, notes)
    # An event of a hit's tree is looked at there.
    first = (hit_number(run, seq) if seq else None) or (1 if run.hits else None)
    moment = None if event else chosen_moment(request, run, notes, first)
    page = hit_page(run, request.GET.get("q", ""), moment.number if moment else 0)
    noted = sorted(
        {n.hit_number for n in notes if n.hit_number and n.run_number == run.number}
    )
    return {
        "run": run,
        "recipe": facts,
        "limits": facts.limits,
        "others": _others(access, run),
        "kernels": kernel_choices(request.user) if access.can_write else [],
        "run_words": run_words(run, queue_place(run)),
        "run_shape": run_shape(run),
        "hold_minutes": settings.HOLD_MINUTES,
        "moment": moment,
        "event": event,
        "problems": found,
        **_place(request, moment, event, run, notes),
        "refused": refused_breakpoints(run),
        "notes": notes,
        "noted": noted,
        "watches": [
            {
                "address": f"{w.address:#x}" if w.address is not None else "",
                "letters": w.letters,
                "place": w.place,
            }
            for w in facts.breakpoints
        ],
        "patch_lines": patch_view(access.session, notes),
        "source": facts.source,
        "output": run_output(run),
        "panel": debugger_panel(request, access, run),
        "register_names": SHOWN,
        "packets": packet_page(run, 0),
        "export_formats": FORMATS.values(),
        "kept_because": protection(run) if access.can_write else [],
        "emulator_today": runner.EMULATOR_VERSION,
        "lanes": lane_table(run),
        "cpu_lanes": range(facts.cpus),
        **_hits(page),
    }


def _others(access: Access, run: Run) -> list[dict[str, Any]]:
    """The other runs of the session, to compare with."""
    runs = Run.objects.filter(session=access.session).exclude(pk=run.pk)
    return [
        {"run": other, "variant": run_facts(other).variant, "words": run_words(other)}
        for other in runs.order_by("-number")[:_OTHERS]
    ]


def _hits(page: HitPage) -> dict[str, Any]:
    return {
        "hits": page.rows,
        "filter_text": page.text,
        "filter_error": page.error,
        "matching": len(page.rows),
        "more": page.more,
        "last_shown": page.rows[-1].number if page.rows else 0,
    }


@require_safe
def session_detail(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The workspace; everything readable is in the HTML."""
    access = session_access(request, session_id)
    run = chosen_run(request, access)
    context: dict[str, Any] = {
        "access": access,
        "session": access.session,
        "runs": Run.objects.filter(session=access.session).order_by("-number"),
        "notebook": notebook_entries(access.session),
        "run": run,
    }
    if access.can_write:
        context |= share_choices(request, access.session)
        context["deleted_runs"] = deleted_runs(access.session)[:_OTHERS]
    if run is not None:
        context |= _context(request, access, run)
    response = render(request, "sessions/detail.html", context)
    if access.session.visibility != access.session.Visibility.PUBLIC:
        response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def moment(
    request: HttpRequest, session_id: UUID, number: int, hit: int
) -> HttpResponse:
    """Why, state and code of one hit, for the page's script to swap in."""
    access, run = numbered_run(request, session_id, number)
    notes = session_notes(access.session)
    view = moment_view(run, hit, request.GET.get("moment", ""))
    if view is None and not run.is_over:
        return HttpResponse(status=202)  # seen live, not stored yet: ask again
    if view is None:
        raise Http404("no such hit")
    view.compare_since(request.GET.get("since", ""))
    view.remarks = _remarks(view, notes)
    context = {
        "access": access,
        "session": access.session,
        "run": run,
        "recipe": view.facts,
        "moment": view,
        **_place(request, view, None, run, notes),
    }
    return render(request, "sessions/_moment.html", context)


@require_safe
def event(
    request: HttpRequest, session_id: UUID, number: int, seq: int
) -> HttpResponse:
    """Why, state and code of an event that no hit caused, as moment."""
    access, run = numbered_run(request, session_id, number)
    view = event_view(run, seq)
    if view is None and not run.is_over:
        return HttpResponse(status=202)
    if view is None:
        raise Http404("no such event, or one of a hit")
    notes = session_notes(access.session)
    view.remarks = _remarks(view, notes)
    context = {
        "access": access,
        "session": access.session,
        "run": run,
        "recipe": view.facts,
        "event": view,
        "problems": run_problems(run),
        **_place(request, None, view, run, notes),
    }
    return render(request, "sessions/_moment.html", context)


@require_safe
def problems(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """What is wrong in a run, for the page's script to swap in at its end."""
    _, run = numbered_run(request, session_id, number)
    context = {"run": run, "problems": run_problems(run)}
    return render(request, "sessions/_problems.html", context)


@require_safe
def output(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """What the program wrote so far."""
    _, run = numbered_run(request, session_id, number)
    context = {"run": run, "output": run_output(run)}
    return render(request, "sessions/_output.html", context)


@require_POST
def command(
    request: HttpRequest, session_id: UUID, number: int, what: str
) -> HttpResponse:
    """Pause, resume or cancel; the last only the owner."""
    _, run = numbered_run(request, session_id, number)
    if what in ("pause", "resume"):
        controlled_run(request, run.pk)
    else:
        owner_access(request, session_id)
    try:
        run_command(run=run, command=what)
    except DomainError as error:
        return HttpResponse(str(error), status=409, content_type="text/plain")
    if wants_fragment(request):
        return HttpResponse(status=204)
    return redirect(f"{redirect('session', session_id).url}?run={number}")


@require_POST
def session_patch(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Keep the patch under discussion with the session."""
    access = owner_access(request, session_id)
    form = PatchForm(request.POST)
    if form.is_valid():
        text = form.cleaned_data["patch_text"].replace("\r\n", "\n")
        session_edit(session=access.session, patch_text=text)
    return redirect(f"{redirect('session', session_id).url}?tab=patch")
