"""The debugger of a run on its page: controls, registers, memory, packets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from sessions_app.control_requests import control_request
from sessions_app.debugger_panels import (
    SHOWN,
    DebuggerPanel,
    debugger_panel,
    form_request,
    memory_lines,
)
from sessions_app.errors import DomainError, StorageFull, TooManyRuns
from sessions_app.models import Run
from sessions_app.packet_lists import packet_page
from sessions_app.permissions import (
    Access,
    controlled_run,
    numbered_run,
    owner_access,
)
from sessions_app.services.control import control_ask, port_open
from sessions_app.services.runs import run_replay
from sessions_app.views.pages import wants_fragment, whole_number

#: After these the machine stands at another place.
_MOVES = ("attach", "step", "interrupt", "write_registers")
_LEAST_MEMORY = 64


def _shown(
    request: HttpRequest, access: Access, run: Run, panel: DebuggerPanel
) -> HttpResponse:
    context = {
        "access": access,
        "session": access.session,
        "run": run,
        "panel": panel,
        "register_names": SHOWN,
    }
    fragment = wants_fragment(request)
    page = "sessions/_debugger.html" if fragment else "sessions/debugger.html"
    return render(request, page, context)


@require_safe
def debugger(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """Who controls the run, and the controls for those who may."""
    access, run = numbered_run(request, session_id, number)
    return _shown(request, access, run, debugger_panel(request, access, run))


@require_POST
def control(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """A command, and what came of it."""
    access, run = _controlled(request, session_id, number)
    panel = debugger_panel(request, access, run)
    try:
        _do(access.name, run, panel, form_request(request.POST))
    except DomainError as error:
        panel.error = error.detail
    return _shown(request, access, run, panel)


def _controlled(
    request: HttpRequest, session_id: UUID, number: int
) -> tuple[Access, Run]:
    _, run = numbered_run(request, session_id, number)
    return controlled_run(request, run.pk)


def _do(who: str, run: Run, panel: DebuggerPanel, form: dict[str, Any]) -> None:
    result = _ask(who, run, panel, form)
    do = form["do"]
    if do == "read_memory":
        data = bytes.fromhex(result.get("data", ""))
        panel.memory = memory_lines(int(result.get("address", "0x0"), 16), data)
    elif do == "write_memory":
        length = max(_LEAST_MEMORY, len(form["data"]) // 2)
        again = {"do": "read_memory", "at": form["at"], "length": length}
        _do(who, run, panel, again)
    elif do == "read_registers":
        values = result.get("registers", {})
        panel.registers = {name: values[name] for name in SHOWN if name in values}
    elif do in _MOVES and panel.stopped:
        _do(who, run, panel, {"do": "read_registers", "names": SHOWN})
        panel.threads = _ask(who, run, panel, {"do": "threads"}).get("threads", [])


def _ask(
    who: str, run: Run, panel: DebuggerPanel, form: dict[str, Any]
) -> dict[str, Any]:
    answer = control_ask(run=run, who=who, request=control_request(run, form))
    panel.facts = answer["debugger"]
    result: dict[str, Any] = answer["result"]
    return result


@require_POST
def listen(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """A TCP port on the worker's machine."""
    access = owner_access(request, session_id)
    _, run = numbered_run(request, session_id, number)
    panel = debugger_panel(request, access, run)
    try:
        place = port_open(run=run, who=access.name, face="full")
        panel.port = f"{place['host']}:{place['port']}"
    except DomainError as error:
        panel.error = error.detail
    return _shown(request, access, run, panel)


@require_POST
def replay(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """The same recipe with the same commands, and nobody there."""
    access = owner_access(request, session_id)
    _, run = numbered_run(request, session_id, number)
    try:
        again = run_replay(run=run, by=access.person)
    except (StorageFull, TooManyRuns) as error:
        messages.error(request, f"Not started: {error}.")
        return redirect(f"{redirect('session', session_id).url}?run={number}")
    except DomainError as error:
        return HttpResponse(str(error), status=409, content_type="text/plain")
    return redirect(f"{redirect('session', session_id).url}?run={again.number}")


@require_safe
def packets(request: HttpRequest, session_id: UUID, number: int) -> HttpResponse:
    """Packets after a cursor, for the page's script to append."""
    access, run = numbered_run(request, session_id, number)
    page = packet_page(run, whole_number(request.GET.get("after")) or 0)
    context = {"access": access, "session": access.session, "run": run, "packets": page}
    return render(request, "sessions/_packets.html", context)
