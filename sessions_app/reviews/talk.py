"""Who said what at which line: remarks of mails and of people here, in one form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sessions_app.edits import Edit, edits_of
from sessions_app.mail.quoting import Remark, remarks_of
from sessions_app.mail.trailers import GIVEN, Trailer, find_trailers
from sessions_app.miniatures import Miniature, drawn
from sessions_app.models import MailMessage, ReviewRemark
from sessions_app.parts import part_of
from sessions_app.run_facts import run_facts

#: Answers to answers are followed so far.
_DEEPEST = 20


@dataclass(slots=True)
class Say:
    """One remark with its answers. at is a line of the message it is shown under."""

    author: str
    when: datetime | None
    text: str
    first: int
    at: int
    mail: MailMessage | None = None
    remark: ReviewRemark | None = None
    answers: list[Say] = field(default_factory=list)
    carried_from: str = ""
    """``v1``, where it was said of an earlier version."""
    line: int = 0
    """Of a mail: where it stands there."""

    @property
    def is_removed(self) -> bool:
        """Whether only its place is left, for its answers."""
        return self.remark is not None and self.remark.removed_at is not None

    @property
    def edits(self) -> list[Edit]:
        """What it said before; of a mail nothing."""
        return [] if self.remark is None else edits_of(self.remark)

    @property
    def part_words(self) -> str:
        """What of the machine its evidence is about."""
        remark = self.remark
        if remark is None:
            return ""
        part = part_of(remark)
        run = remark.run
        return part.words() if run is None else part.words(run_facts(run).place)

    @property
    def part_key(self) -> str:
        """The same in one word, for addresses."""
        return "" if self.remark is None else part_of(self.remark).key

    @property
    def miniature(self) -> Miniature | None:
        """The part as it stands in the trace now."""
        remark = self.remark
        if remark is None:
            return None
        return drawn(remark.run, remark.seq, part_of(remark), remark.moment)

    @property
    def is_open(self) -> bool:
        """Nobody has called it resolved; a mail cannot be."""
        return self.remark is None or self.remark.resolved_at is None


@dataclass(frozen=True, slots=True)
class Given:
    """A trailer that an answer gave."""

    trailer: Trailer
    mail: MailMessage


def talk_under(
    message: MailMessage,
    mails: Sequence[MailMessage],
    remarks: Iterable[ReviewRemark],
) -> list[Say]:
    """Everything said under a message, by line and then by time."""
    children: dict[str, list[MailMessage]] = defaultdict(list)
    for mail in mails:
        if mail.parent_id:
            children[mail.parent_id].append(mail)
    found = [
        say for mail in children[message.message_id] for say in _says(mail, message)
    ]
    for mail in children[message.message_id]:
        own = [say for say in found if say.mail is mail]
        _answers(mail, own, children, 0)
    found += _written(message, remarks)
    return sorted(found, key=lambda say: (say.at, str(say.when or "")))


def _says(mail: MailMessage, parent: MailMessage) -> list[Say]:
    if mail.patches.all():  # a patch that was posted as an answer
        return []
    return [_say(mail, remark) for remark in remarks_of(mail.body, parent.body)]


def _say(mail: MailMessage, remark: Remark) -> Say:
    return Say(
        author=mail.author,
        when=mail.date,
        text=remark.text,
        first=remark.first,
        at=remark.at,
        mail=mail,
        line=remark.line,
    )


def _answers(
    mail: MailMessage,
    says: list[Say],
    children: dict[str, list[MailMessage]],
    depth: int,
) -> None:
    """Answers to a mail go below the remark that they quote."""
    if depth == _DEEPEST:
        return
    for child in children[mail.message_id]:
        placed: list[Say] = []
        for answer in _says(child, mail):
            above = [say for say in says if say.line and say.line <= answer.at]
            target = above[-1] if above else (says[0] if says else None)
            if target is not None:
                # From here on it stands where its remark stands.
                said = Say(
                    answer.author,
                    answer.when,
                    answer.text,
                    target.first,
                    target.at,
                    mail=child,
                    line=answer.line,
                )
                target.answers.append(said)
                placed.append(said)
        _answers(child, placed, children, depth + 1)


def _written(message: MailMessage, remarks: Iterable[ReviewRemark]) -> list[Say]:
    """Of people here; answers below what they answer."""
    by_id: dict[object, Say] = {}
    tops: list[Say] = []
    for remark in remarks:
        if remark.message_id != message.pk:
            continue
        say = Say(
            author=remark.author_name,
            when=remark.created_at,
            text=remark.body,
            first=remark.first,
            at=remark.at,
            remark=remark,
        )
        by_id[remark.pk] = say
        above = by_id.get(remark.answers_id)
        (above.answers if above is not None else tops).append(say)
    return tops


def given_trailers(mails: Iterable[MailMessage]) -> list[Given]:
    """Reviewed-by and the like, that answers gave."""
    return [
        Given(trailer, mail)
        for mail in mails
        if not mail.patches.all()
        for trailer in find_trailers(mail.body)
        if trailer.name in GIVEN
    ]
