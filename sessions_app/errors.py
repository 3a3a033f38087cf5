"""Broken product rules: one tree, each with a stable code, safe to show to people."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any


class DomainError(Exception):
    """Root: a rule of the product forbids what was asked for."""

    code = "domain_error"
    status = HTTPStatus.CONFLICT

    def __init__(
        self,
        detail: str,
        *,
        field: str | None = None,
        value: Any = None,
        allowed: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        """The input at fault, e.g. ``breakpoints[0].length``, or None."""
        self.value = value
        self.allowed = allowed
        """What would be accepted, in words."""


class InvalidRecipe(DomainError):
    """The recipe breaks a rule of docs/recipe.md."""

    code = "invalid_recipe"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class InvalidSwitches(DomainError):
    """A switch set names an unknown variant, switch or value."""

    code = "invalid_switches"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class UnknownKernel(DomainError):
    """Neither a shipped variant nor a switch set that this person may use."""

    code = "unknown_kernel"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class UnknownTeam(DomainError):
    """No team that this person is in."""

    code = "unknown_team"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class TeamRefused(DomainError):
    """A team would be without an owner, or too large, or has that member already."""

    code = "team_refused"


class UnknownPerson(DomainError):
    """Nobody with an account has that name."""

    code = "unknown_person"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class InvalidImage(DomainError):
    """The program cannot be loaded: wrong class, truncated, too large …"""

    code = "invalid_image"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class AssemblyFailed(DomainError):
    """The assembler refused the text; line is 1-based or None."""

    code = "assembly_failed"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(
        self, detail: str, *, line: int | None = None, field: str | None = "assembly"
    ) -> None:
        super().__init__(detail, field=field)
        self.line = line


class ToolMissing(DomainError):
    """A tool of the host (assembler, linker) is not installed on the server."""

    code = "tool_missing"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class MissingImage(DomainError):
    """The recipe names an image that is not stored."""

    code = "missing_image"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class RunNotActive(DomainError):
    """The run is over; it takes no more commands."""

    code = "run_not_active"


class InvalidControl(DomainError):
    """A command to a run's debugger that makes no sense; field names where."""

    code = "invalid_control"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class ControlRefused(DomainError):
    """The run's debugger does not do it: somebody else controls, the machine runs …"""

    code = "control_refused"

    def __init__(self, detail: str, *, code: str = "", **where: Any) -> None:
        super().__init__(detail, **where)
        if code:
            self.code = code


class PortsForbidden(DomainError):
    """This installation opens no TCP ports for debuggers."""

    code = "ports_forbidden"
    status = HTTPStatus.FORBIDDEN


class MomentNotStored(DomainError):
    """The run has no such event, or none yet."""

    code = "moment_not_stored"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class NotebookFull(DomainError):
    """No further moment fits."""

    code = "notebook_full"


class InvalidMail(DomainError):
    """A file that holds no mail, or more than is taken."""

    code = "invalid_mail"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, detail: str, *, allowed: str | None = None) -> None:
        super().__init__(detail, field="mail", allowed=allowed)


class InvalidAnchor(DomainError):
    """A remark pinned to something that the machine does not have."""

    code = "invalid_anchor"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class VersionRefused(DomainError):
    """A version that cannot be moved, or a number that it cannot have."""

    code = "version_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class RemarkRefused(DomainError):
    """A remark without words, or on lines that are not there."""

    code = "remark_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class InvalidWebhook(DomainError):
    """An address that nothing is sent to, or events that there are not."""

    code = "invalid_webhook"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class CheckRefused(DomainError):
    """A check of a version or patch that is not there, or with an address that is none."""

    code = "check_refused"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class RunNotOver(DomainError):
    """The run still goes on."""

    code = "run_not_over"


class UnknownCommand(DomainError):
    """A run is paused, resumed or cancelled, nothing else."""

    code = "unknown_command"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class ViewersUnknown(DomainError):
    """Who looks at a run stands in Redis, and Redis is away."""

    code = "viewers_unknown"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class StaleLease(DomainError):
    """Another worker has taken over the run; what this one brings is refused."""

    code = "stale_lease"


class TooManyRuns(DomainError):
    """So many runs of one person wait or go on already."""

    code = "too_many_runs"
    status = HTTPStatus.TOO_MANY_REQUESTS


class StorageFull(DomainError):
    """So many bytes of one person are kept already."""

    code = "storage_full"
    status = HTTPStatus.FORBIDDEN


class JobFailed(DomainError):
    """A job in a limited child ended without an answer."""

    code = "job_failed"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class TraceDamaged(DomainError):
    """Stored trace bytes cannot be decoded."""

    code = "trace_damaged"
    status = HTTPStatus.INTERNAL_SERVER_ERROR


class BadFilter(DomainError):
    """A filter of an event list is not understood."""

    code = "bad_filter"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    position: int | None = None
    """Where in the line, characters from 0."""

    def __str__(self) -> str:
        return self.detail


class NothingRecorded(DomainError):
    """There is no event yet, so that nothing can be compared."""

    code = "nothing_recorded"


class UnknownFormat(DomainError):
    """A run cannot be written like this."""

    code = "unknown_format"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, field: str, value: str, known: Iterable[str]) -> None:
        allowed = ", ".join(known)
        super().__init__(
            f"there is no {field} {value[:40]!r}; allowed: {allowed}",
            field=field,
            value=value[:40],
            allowed=allowed,
        )


class InvalidBundle(DomainError):
    """The file is no bundle, or not what it says it is."""

    code = "invalid_bundle"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
