"""Roles, the weakest first, and what each may do with a session, a review or a team.

Who has which is decided in sessions_app.permissions.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User

from sessions_app.models import (
    DebugSession,
    Membership,
    Review,
    ReviewRemark,
    ShareLink,
    Team,
)

Person = User | AnonymousUser

VIEWER = str(Membership.Role.VIEWER)
COMMENTER = str(Membership.Role.COMMENTER)
CONTROLLER = str(Membership.Role.CONTROLLER)
MAINTAINER = str(Membership.Role.MAINTAINER)
OWNER = str(Membership.Role.OWNER)
_RANKS: list[str] = Membership.Role.values


def rank(role: str) -> int:
    """From 0, the weakest."""
    return _RANKS.index(role)


def reaches(role: str, wanted: str) -> bool:
    """Whether a role allows what another one does."""
    return rank(role) >= rank(wanted)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role and where it comes from: one's own, a team, a link, or (neither) because
    the thing is unlisted or public."""

    role: str
    team: Team | None = None
    link: ShareLink | None = None


class _ByRole:
    """What a role allows with a session or a review."""

    __slots__ = ()
    role: str

    @property
    def is_owner(self) -> bool:
        """Delete it, give it to a team."""
        return self.role == OWNER

    @property
    def can_write(self) -> bool:
        """Change it, and who sees it: run, share, rename, cancel; bind kernels, say how
        it stands."""
        return reaches(self.role, MAINTAINER)

    @property
    def can_remark(self) -> bool:
        """Annotate, remark and answer."""
        return reaches(self.role, COMMENTER)


@dataclass(frozen=True, slots=True)
class Access(_ByRole):
    """What somebody may do with one session; link and team are set for whoever has
    their role by one."""

    session: DebugSession
    role: str
    link: ShareLink | None = None
    person: User | None = None
    name: str = ""
    """Under which they speak and debug."""
    team: Team | None = None

    @property
    def can_control(self) -> bool:
        """Debug, pause and resume the session's runs."""
        return reaches(self.role, CONTROLLER)


@dataclass(frozen=True, slots=True)
class ReviewAccess(_ByRole):
    """What somebody may do with one review; link and team as in Access."""

    review: Review
    person: Person
    role: str
    link: ShareLink | None = None
    name: str = ""
    """Under which they speak."""
    team: Team | None = None

    @property
    def account(self) -> User | None:
        """Of the person, if they have one."""
        return self.person if isinstance(self.person, User) else None

    def is_own(self, remark: ReviewRemark) -> bool:
        """Whether this person's account wrote it; a guest has no words of their own."""
        return self.person.is_authenticated and remark.author_id == self.person.pk


@dataclass(frozen=True, slots=True)
class TeamAccess:
    """What a member may do with their team."""

    team: Team
    member: Membership

    @property
    def can_manage(self) -> bool:
        """Members, roles, invitations, the name, and the team's end."""
        return self.member.role == OWNER
