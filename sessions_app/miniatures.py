"""A part of the machine as it stood at a moment: small enough for a remark. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from sessions_app import trace
from sessions_app.errors import JobFailed
from sessions_app.event_views import EventView, event_view
from sessions_app.memory import read_memory
from sessions_app.models import Run
from sessions_app.moments import MomentView, moment_view
from sessions_app.parts import Part
from sessions_app.run_facts import RunFacts, run_facts
from sessions_app.selectors import event_record, hit_number, snapshot_at
from sessions_app.states import StateView

_SHADOWED = {"dr7": "cpu_dr7"}


@dataclass(frozen=True, slots=True)
class Miniature:
    """What a part held, in words, and for a bit the four around it as a strip."""

    sentence: str
    register: str = ""
    nibble: trace.Nibble | None = None
    bit: int | None = None

    @property
    def shadow(self) -> bool:
        """Whether the kernel keeps its own idea of the register."""
        return self.register.lower() in _SHADOWED


def miniature(run: Run, seq: int, part: Part, moment: str = "") -> Miniature | None:
    """Of the hit or event at seq, at one of its snapshots; None without a part, or when
    nothing is recorded. Memory is read by doing the run again."""
    if not part or event_record(run, seq) is None:
        return None
    facts = run_facts(run)
    if part.is_memory:
        return _memory(run, seq, part, facts)
    state = _state(run, seq, moment, part.cpu)
    if state is None:
        return None
    return _slot(state, part, facts) if part.is_slot else _register(state, part)


def drawn(
    run: Run | None, seq: int | None, part: Part, moment: str
) -> Miniature | None:
    """As miniature, for pages: memory would take a run each; its bytes were copied when
    it was pinned."""
    if run is None or seq is None or part.is_memory:
        return None
    return miniature(run, seq, part, moment)


def _state(run: Run, seq: int, moment: str, cpu: int | None) -> StateView | None:
    """What the session page shows there, or another CPU as of then."""
    chosen: EventView | MomentView | None = event_view(run, seq)
    if chosen is None:
        chosen = moment_view(run, hit_number(run, seq) or 0, moment)
    if chosen is None:
        return None
    if cpu is None or cpu == chosen.record.cpu:
        return chosen.state
    last = chosen.records[-1] if chosen.records else chosen.record
    shot = snapshot_at(run, last._replace(cpu=cpu))
    return None if shot is None else StateView(shot, None, chosen.facts, "")


def _register(state: StateView, part: Part) -> Miniature:
    name = part.register
    value = state.words[name]
    kernel = _SHADOWED.get(name)
    if part.bit is None:
        said = f"{name} is {value:#x}"
        if kernel:
            said += f", the kernel's {kernel} {state.words[kernel]:#x}"
        return Miniature(said, name.upper())
    said = f"{part.words()} is {value >> part.bit & 1}"
    if kernel:
        said += f", in the kernel's {kernel} {state.words[kernel] >> part.bit & 1}"
    nibble = _nibble(state, name, part.bit)
    return Miniature(said, name.upper(), nibble, part.bit)


def _nibble(state: StateView, name: str, bit: int) -> trace.Nibble | None:
    rows = {"dr7": state.dr7, "dr6": state.dr6, "rflags": state.rflags}.get(name, [])
    nibbles = [nibble for row in rows for nibble in row]
    return next((n for n in nibbles if any(b.number == bit for b in n.bits)), None)


def _slot(state: StateView, part: Part, facts: RunFacts) -> Miniature:
    slot = part.slot or 0
    address = state.words[f"dr{slot}"]
    hardware = trace.slot_in_words(state.words["dr7"], slot)
    kernel = trace.slot_in_words(state.words["cpu_dr7"], slot)
    place = f"{address:#x}"
    name = facts.place(address) if address else place
    where = place if name == place else f"{name}, {place}"
    return Miniature(
        f"{part.words()} holds {where}; hardware: {hardware}; the kernel believes: {kernel}"
    )


def _memory(run: Run, seq: int, part: Part, facts: RunFacts) -> Miniature:
    address, length = part.address or 0, part.length or 1
    record = event_record(run, seq)
    words = part.words(facts.place)
    try:
        found = read_memory(run, seq, record.task if record else 0, address, length)
    except JobFailed:
        return Miniature(f"{words}: could not be read when this was written")
    cells = [found.byte(address + at) for at in range(length)]
    data = " ".join("··" if byte is None else f"{byte:02x}" for byte in cells)
    return Miniature(f"{words}: {data}")
