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


class ExpressionError(EmulatorError):
    """The text is no expression of docs/expressions.md; at is the character, from 1."""

    code = "invalid_expression"

    def __init__(self, detail: str, at: int, *, field: str | None = None) -> None:
        super().__init__(f"at character {at}: {detail}", field=field)
        self.at = at


class EvaluationError(EmulatorError):
    """An expression has no value here; errno says why (EFAULT, EDOM, ENODATA)."""

    code = "no_value"

    def __init__(self, detail: str, errno: int) -> None:
        super().__init__(detail)
        self.errno = errno


class AgentError(EmulatorError):
    """Bytecode of gdb has no value here; detail says why."""

    code = "no_agent_value"


class BundleError(EmulatorError):
    """The file is no bundle of docs/bundle.md; field names the member at fault."""

    code = "invalid_bundle"


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


class ClientBusy(EmulatorError):
    """A second debugger wants the stub of a target that has one."""

    code = "debugger_attached"
