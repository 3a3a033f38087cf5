"""Remarks of a session with the names that pages show: hit numbers, parts, patch lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sessions_app.edits import Edit, edits_of
from sessions_app.event_views import root_record
from sessions_app.models import Annotation, DebugSession, Run
from sessions_app.models.anchor import MOMENTS
from sessions_app.parts import MAX_LENGTH, Part, part_of
from sessions_app.readers import readers_of
from sessions_app.run_facts import run_facts
from sessions_app.selectors import hit_by_number, hit_number
from sessions_app.services.notices.mentions import known_names

_SHOWN = 500
#: Registers that a page draws bit by bit.
_STRIPS = ("dr7", "dr6", "rflags")
_SIGNS = {"+": "add", "-": "del", "@": "hunk"}


@dataclass(frozen=True, slots=True)
class Note:
    """A remark and where it is pinned, in the reader's numbers, with its answers."""

    annotation: Annotation
    run_number: int | None
    hit_number: int | None
    """Of the hit in whose tree its event stands; None also where no hit caused it."""
    part_words: str = ""
    mentions: frozenset[str] = frozenset()
    """Names in it that are of accounts which read the session."""
    answers: list[Note] = field(default_factory=list)

    id = property(lambda self: self.annotation.pk)
    body = property(lambda self: self.annotation.body)
    author_name = property(lambda self: self.annotation.author_name)
    register = property(lambda self: self.annotation.register)
    patch_line = property(lambda self: self.annotation.patch_line)
    resolved_at = property(lambda self: self.annotation.resolved_at)
    removed_at = property(lambda self: self.annotation.removed_at)
    seq = property(lambda self: self.annotation.seq)
    created_at = property(lambda self: self.annotation.created_at)

    @property
    def part(self) -> Part:
        """What of the machine it is pinned to."""
        return part_of(self.annotation)

    @property
    def moment_words(self) -> str:
        """``after IRET``, where a snapshot was chosen."""
        return MOMENTS.get(self.annotation.moment, "")

    @property
    def strip(self) -> str:
        """Where on the page it stands: a register, ``memory``, ``slot`` or the moment."""
        part = self.part
        return "memory" if part.is_memory else "slot" if part.is_slot else part.register

    @property
    def is_plain_register(self) -> bool:
        """Of a register that is drawn without its bits."""
        return bool(self.register) and self.register not in _STRIPS

    @property
    def query(self) -> str:
        """The query string of the page that shows its moment; empty without one."""
        if self.run_number is None:
            return ""
        words = [f"run={self.run_number}"]
        if self.hit_number is not None:
            words.append(f"hit={self.hit_number}")
            words += [f"moment={self.annotation.moment}"] * bool(self.annotation.moment)
        elif self.seq is not None:
            words.append(f"event={self.seq}")
        return "&".join(words)

    @property
    def edits(self) -> list[Edit]:
        """What it said before."""
        return edits_of(self.annotation)


@dataclass(slots=True)
class PatchLine:
    """One line of the kept patch."""

    number: int
    sign: str
    text: str
    css: str
    notes: list[Note] = field(default_factory=list)

    @property
    def noted(self) -> bool:
        """Whether a remark is pinned here."""
        return bool(self.notes)


@dataclass(frozen=True, slots=True)
class NotedParts:
    """Parts of a moment that somebody has remarked on."""

    dr7: frozenset[int]
    """Bits; likewise below."""
    dr6: frozenset[int]
    rflags: frozenset[int]
    slots: frozenset[str]
    """``cpu0.slot1``."""
    bytes: frozenset[int]
    """Addresses."""


def session_notes(session: DebugSession) -> list[Note]:
    """The remarks of a session, oldest first, each with its answers."""
    found = (
        Annotation.objects.filter(session=session)
        .select_related("run")
        .prefetch_related("earlier")
        .order_by("created_at")[:_SHOWN]
    )
    names = known_names([each.body for each in found], readers_of(session))
    notes: dict[object, Note] = {each.pk: note_of(each, names) for each in found}
    tops: list[Note] = []
    for note in notes.values():
        above = notes.get(note.annotation.answers_id)
        (tops if above is None else above.answers).append(note)
    return tops


def note_of(annotation: Annotation, mentions: frozenset[str] = frozenset()) -> Note:
    """One remark without its answers; mentions: names that it may show as such."""
    run, number = annotation.run, None
    words = _words(annotation, run)
    if run is not None and annotation.seq is not None:
        number = _hit_at(run, annotation.seq)
    of_run = None if run is None else run.number
    return Note(annotation, of_run, number, words, mentions)


def _hit_at(run: Run, seq: int) -> int | None:
    number = hit_number(run, seq)
    record = hit_by_number(run, number) if number else None
    if record is None or record.seq == seq:
        return None if record is None else number
    root = root_record(run, seq)
    return number if root is not None and root.seq == record.seq else None


def _words(annotation: Annotation, run: Run | None) -> str:
    part = part_of(annotation)
    if not part.is_memory or run is None:
        return part.words()
    return part.words(run_facts(run).place)


def notes_between(notes: Iterable[Note], run: Run, first: int, last: int) -> list[Note]:
    """Those on the events first..last of a run."""
    own = (n for n in notes if n.run_number == run.number and n.seq is not None)
    return [note for note in own if first <= note.seq <= last]


def noted_parts(parts: Sequence[Part]) -> NotedParts:
    """Where a moment's page draws a mark: the parts that its remarks are pinned to."""
    bits = {
        name: frozenset(
            p.bit for p in parts if p.register == name and p.bit is not None
        )
        for name in _STRIPS
    }
    places = [
        address
        for part in parts
        if part.address is not None
        for address in range(
            part.address, part.address + min(part.length or 1, MAX_LENGTH)
        )
    ]
    slots = frozenset(part.key for part in parts if part.is_slot)
    return NotedParts(**bits, slots=slots, bytes=frozenset(places))


def patch_view(session: DebugSession, notes: Sequence[Note]) -> list[PatchLine]:
    """The patch line by line with its remarks."""
    out = []
    for number, text in enumerate(session.patch_text.splitlines(), start=1):
        css = _SIGNS.get(text[:1], "")
        if text.startswith(("+++", "---")):
            css = "hunk"
        sign = text[:1] if css in ("add", "del") else ""
        out.append(PatchLine(number, sign, text[1:] if sign else text, css))
    for note in notes:
        if note.patch_line and note.patch_line <= len(out):
            out[note.patch_line - 1].notes.append(note)
    return out
