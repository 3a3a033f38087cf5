"""Broken product rules: one tree, each with a stable code, safe to show to people."""

from __future__ import annotations

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


class UnknownCommand(DomainError):
    """A run is paused, resumed or cancelled, nothing else."""

    code = "unknown_command"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class StaleLease(DomainError):
    """Another worker has taken over the run; what this one brings is refused."""

    code = "stale_lease"


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
