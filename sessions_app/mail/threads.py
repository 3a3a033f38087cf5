"""Who answers whom: threads by In-Reply-To and References, in reading order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sessions_app.mail.message import Message

_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
#: Deeper answers are drawn at this depth.
MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Placed:
    """A message and how deep it stands below the first."""

    message: Message
    depth: int


@dataclass(frozen=True, slots=True)
class Thread:
    """Messages that hang together, each below the one it answers."""

    root: str
    """Message-ID of the oldest that is known of, here or not."""
    placed: tuple[Placed, ...]

    @property
    def messages(self) -> list[Message]:
        """In reading order."""
        return [each.message for each in self.placed]


def when(message: Message) -> datetime:
    """Its date; one without comes first."""
    return message.date or _NO_DATE


def unique(messages: Iterable[Message]) -> list[Message]:
    """Each Message-ID once: lists and Cc bring copies. The first stays."""
    found: dict[str, Message] = {}
    for message in messages:
        found.setdefault(message.message_id, message)
    return list(found.values())


def parent_of(message: Message, known: Iterable[str]) -> str | None:
    """The nearest message before it that is here."""
    ids = known if isinstance(known, (set, dict)) else set(known)
    for candidate in (message.in_reply_to, *reversed(message.references)):
        if candidate in ids and candidate != message.message_id:
            return candidate
    return None


def threads_of(messages: Sequence[Message]) -> list[Thread]:
    """All threads, the oldest first."""
    by_id = {message.message_id: message for message in unique(messages)}
    group = _groups(by_id)
    members: dict[str, list[Message]] = defaultdict(list)
    for message in by_id.values():
        members[group[message.message_id]].append(message)
    found = [_thread(those) for those in members.values()]
    return sorted(found, key=lambda thread: when(thread.placed[0].message))


def _groups(by_id: dict[str, Message]) -> dict[str, str]:
    """Message-ID to a representative of its thread; ids that are only named count."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        leader.setdefault(name, name)
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for message in by_id.values():
        own = find(message.message_id)
        for other in (message.in_reply_to, *message.references):
            if other:
                leader[find(other)] = own = find(own)
    return {name: find(name) for name in by_id}


def _thread(messages: list[Message]) -> Thread:
    ids = {message.message_id for message in messages}
    children: dict[str | None, list[Message]] = defaultdict(list)
    for message in messages:
        children[parent_of(message, ids)].append(message)
    placed: list[Placed] = []
    seen: set[str] = set()
    # By hand: a thread of thousands would be too deep for recursion, and a ring of
    # references has no beginning.
    waiting = [(m, 0) for m in sorted(children[None], key=when, reverse=True)]
    while len(placed) < len(messages):
        if not waiting:
            left = min((m for m in messages if m.message_id not in seen), key=when)
            waiting.append((left, 0))
        message, depth = waiting.pop()
        if message.message_id in seen:
            continue
        seen.add(message.message_id)
        placed.append(Placed(message, min(depth, MAX_DEPTH)))
        below = sorted(children[message.message_id], key=when, reverse=True)
        waiting += [(child, depth + 1) for child in below]
    first = placed[0].message
    root = first.references[0] if first.references else first.in_reply_to
    return Thread(root or first.message_id, tuple(placed))
