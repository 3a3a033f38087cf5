"""The debugger of a run as its page shows it: who controls, and what can be done now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, QueryDict

from sessions_app.control_requests import COMMANDS
from sessions_app.models import Run
from sessions_app.permissions import Access
from sessions_app.services.debugger import CONSOLE

#: Registers that a stop shows, by gdb's names; all others are for gdb.
SHOWN = [
    *("rip", "rsp", "rbp", "rax", "rbx", "rcx", "rdx", "rsi", "rdi"),
    *(f"r{number}" for number in range(8, 16)),
    *("eflags", "dr0", "dr1", "dr2", "dr3", "dr6", "dr7", "cpu_dr7"),
]
_STANDING = ("attached", "stopped")
_PER_LINE = 16


@dataclass(frozen=True, slots=True)
class MemoryLine:
    """16 bytes."""

    address: int
    octets: list[str]
    text: str


@dataclass(slots=True)
class DebuggerPanel:
    """What the page needs to know."""

    facts: Mapping[str, Any]
    can_control: bool
    """Whether this person may; not whether somebody else does."""
    person: str
    line: str
    """For gdb, without the token."""
    parked: bool = False
    error: str = ""
    registers: dict[str, str | None] = field(default_factory=dict)
    threads: list[dict[str, Any]] = field(default_factory=list)
    memory: list[MemoryLine] = field(default_factory=list)
    port: str = ""

    @property
    def words(self) -> str:
        """Who controls and how the machine stands, as a sentence."""
        return debugger_words(self.facts)

    @property
    def mine(self) -> bool:
        """This person controls it from here."""
        facts = self.facts
        return facts.get("who") == self.person and facts.get("via") == CONSOLE

    @property
    def free(self) -> bool:
        """Nobody controls it."""
        return not self.facts

    @property
    def stopped(self) -> bool:
        """The machine stands still for a debugger."""
        return self.facts.get("state") in _STANDING

    @property
    def breakpoints(self) -> list[Mapping[str, Any]]:
        """Those of the console."""
        return list(self.facts.get("breakpoints", ()))

    @property
    def mark(self) -> str:
        """Changes when the panel is out of date."""
        facts = self.facts
        parts = [str(facts.get(name, "")) for name in ("state", "who", "via", "reason")]
        parts += [str(len(self.breakpoints)), "parked" if self.parked else ""]
        return "|".join(parts)


def debugger_words(facts: Mapping[str, Any]) -> str:
    """``alice controls it (gdb): stopped, hwbreak``; empty when nobody does."""
    if not facts:
        return ""
    reason = f", {facts['reason']}" if facts.get("reason") else ""
    return f"{facts['who']} controls it ({facts['via']}): {facts['state']}{reason}"


def debugger_panel(request: HttpRequest, access: Access, run: Run) -> DebuggerPanel:
    """As the run stands."""
    base = request.build_absolute_uri("/").rstrip("/")
    return DebuggerPanel(
        facts=run.debugger,
        can_control=access.can_control and run.state in Run.LEASED,
        person=access.name,
        parked=run.parked_at is not None,
        line=f"target remote | hwbp --url {base} gdb {run.pk}",
    )


def memory_lines(address: int, data: bytes) -> list[MemoryLine]:
    """As a dump."""
    return [
        MemoryLine(
            address + at,
            [f"{octet:02x}" for octet in data[at : at + _PER_LINE]],
            "".join(
                chr(octet) if 0x20 <= octet < 0x7F else "."
                for octet in data[at : at + _PER_LINE]
            ),
        )
        for at in range(0, len(data), _PER_LINE)
    ]


def form_request(form: QueryDict) -> dict[str, Any]:
    """What a form of the page asks for, as POST /runs/<id>/control/ takes it."""
    do = form.get("do", "")
    asked: dict[str, Any] = {"do": do}
    known = {f.name for f in COMMANDS.get(do, ())}
    for name in ("at", "length", "breakpoint", "thread", "data"):
        value = form.get(name, "").strip()
        if value and name in known:
            asked[name] = value
    if do == "write_registers":
        asked["registers"] = {form.get("register", ""): form.get("value", "").strip()}
    return asked
