"""Series of patches and their versions, as authors number them in subjects."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sessions_app.mail.message import Message
from sessions_app.mail.subject import Subject, parse_subject
from sessions_app.mail.threads import Thread, threads_of, when

#: Versions are one topic when so many of the smaller one's titles are in the other.
_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Numbered:
    """A patch at its place."""

    number: int
    subject: Subject
    message: Message


@dataclass(frozen=True, slots=True)
class Version:
    """One posting of a series."""

    version: int
    total: int
    author: str
    """Address."""
    cover: Message | None
    patches: tuple[Numbered, ...]
    thread: str
    rfc: bool
    resend: bool
    missing: tuple[int, ...]
    """Numbers that are not here."""
    change_id: str
    """As b4 and Gerrit write it, in a header or a trailer."""

    @property
    def titles(self) -> frozenset[str]:
        """Of its patches."""
        return frozenset(patch.subject.title for patch in self.patches)

    @property
    def first(self) -> Message:
        """The cover letter, or the first patch."""
        return self.cover or self.patches[0].message

    @property
    def title(self) -> str:
        """Of the cover letter, or of the first patch."""
        return parse_subject(self.first.subject).title


@dataclass(slots=True)
class Topic:
    """Versions of one series, the oldest first."""

    versions: list[Version] = field(default_factory=list)

    @property
    def latest(self) -> Version:
        """The newest version."""
        return self.versions[-1]


_CHANGE_ID = re.compile(r"^change-id:[ \t]*(\S.{0,99})$", re.IGNORECASE | re.MULTILINE)


def _change_id(messages: Iterable[Message]) -> str:
    for message in messages:
        if message.change_id:
            return message.change_id
        found = _CHANGE_ID.search(message.body)
        if found is not None:
            return found[1].strip()
    return ""


def versions_of(threads: Sequence[Thread]) -> list[Version]:
    """Every posting: patches of one author, version and length in one thread. A number
    that comes twice counts as it was posted last."""
    found: list[Version] = []
    for thread in threads:
        groups: dict[tuple[str, int, int], list[tuple[Subject, Message]]]
        groups = defaultdict(list)
        for message in thread.messages:
            subject = parse_subject(message.subject)
            if subject.is_patch and not subject.is_reply:
                key = (message.author.address.lower(), subject.version, subject.total)
                groups[key].append((subject, message))
        found += [_version(thread.root, group) for group in groups.values()]
    return sorted(found, key=lambda version: when(version.first))


def _version(thread: str, group: list[tuple[Subject, Message]]) -> Version:
    group = sorted(group, key=lambda pair: when(pair[1]))
    cover: Message | None = None
    patches: dict[int, Numbered] = {}
    single = 0
    for subject, message in group:
        if subject.is_cover:
            cover = message
            continue
        single += not subject.total
        number = subject.number or single
        patches[number] = Numbered(number, subject, message)
    subject = group[0][0]
    wanted = range(1, subject.total + 1)
    return Version(
        version=subject.version,
        total=subject.total or len(patches),
        author=group[0][1].author.address.lower(),
        cover=cover,
        patches=tuple(patches[number] for number in sorted(patches)),
        thread=thread,
        rfc=any(s.rfc for s, _ in group),
        resend=any(s.resend for s, _ in group),
        missing=tuple(number for number in wanted if number not in patches),
        change_id=_change_id(
            [*([cover] if cover else []), *(p.message for p in patches.values())]
        ),
    )


def topics_of(versions: Sequence[Version]) -> list[Topic]:
    """Versions joined: by Change-Id, else by author and titles."""
    topics: list[Topic] = []
    by_author: dict[str, list[Topic]] = defaultdict(list)
    by_change: dict[str, Topic] = {}
    for version in versions:
        topic = by_change.get(version.change_id) if version.change_id else None
        if topic is None:
            own = by_author[version.author]
            topic = next((t for t in reversed(own) if _belongs(version, t)), None)
        if topic is None:
            topic = Topic()
            topics.append(topic)
            by_author[version.author].append(topic)
        if version.change_id:
            by_change.setdefault(version.change_id, topic)
        topic.versions.append(version)
    for topic in topics:
        topic.versions.sort(key=lambda v: (v.version, when(v.first)))
    return topics


def _belongs(version: Version, topic: Topic) -> bool:
    return any(_same(version, other) for other in topic.versions)


def _same(one: Version, other: Version) -> bool:
    if one.change_id and other.change_id:
        return one.change_id == other.change_id
    if one.cover and other.cover and one.title == other.title:
        return True
    fewest = min(len(one.titles), len(other.titles))
    return fewest > 0 and len(one.titles & other.titles) >= max(1, _ALIKE * fewest)


def read_series(messages: Sequence[Message]) -> tuple[list[Thread], list[Topic]]:
    """Threads and topics of a pile of messages."""
    threads = threads_of(messages)
    return threads, topics_of(versions_of(threads))
