"""Errors of the emulator: one tree. Each has a stable code; some carry a kernel errno."""

from __future__ import annotations


class EmulatorError(Exception):
    """Root of all errors that the emulator raises on purpose."""

    code = "emulator_error"

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        """Path of the recipe field at fault, e.g. ``breakpoints[0].length``, or None."""


class RecipeError(EmulatorError):
    """The recipe breaks a rule of docs/recipe.md; field names where."""

    code = "invalid_recipe"


class ImageError(EmulatorError):
    """A program image cannot be loaded (wrong class, truncated, overlapping …)."""

    code = "invalid_image"


class AssemblyError(EmulatorError):
    """The assembler refused the text; line is 1-based or None."""

    code = "assembly_failed"

    def __init__(
        self, detail: str, *, line: int | None = None, field: str | None = "program"
    ) -> None:
        super().__init__(detail, field=field)
        self.line = line


class ToolMissing(EmulatorError):
    """A tool of the host (assembler, linker) is not installed."""

    code = "tool_missing"


class WireError(EmulatorError):
    """Bytes between worker and child do not form frames."""

    code = "wire_error"


class CodecError(EmulatorError):
    """Stored trace bytes cannot be decoded."""

    code = "codec_error"


class KernelError(EmulatorError):
    """A kernel function of the model failed; errno as Linux returns it (positive)."""

    code = "kernel_errno"

    def __init__(self, errno: int, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail, field=field)
        self.errno = errno
