"""From text to tokens, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from emulator.errors import ExpressionError

#: A condition is a line, not a program.
MAX_LENGTH = 1000
_U64 = (1 << 64) - 1
_PATTERN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<number>0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)(?![A-Za-z0-9_.])
    |(?P<register>\$[A-Za-z_][A-Za-z0-9_]*)
    |(?P<name>[A-Za-z_.][A-Za-z0-9_.$@]*)
    |`(?P<quoted>[!-_a-~]+)`
    |(?P<operator>&&|\|\||<<|>>|<=|>=|==|!=|[-+*/%&|^~!<>?:()\[\]])
    """,
    re.VERBOSE,
)


class Sort(Enum):
    """What a token is; the value is the name of its group in the pattern."""

    number = "number"
    register = "register"
    name = "name"
    quoted = "quoted"
    operator = "operator"
    end = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """text: without the $ of a register and the quotes of a symbol. at: from 1."""

    sort: Sort
    text: str
    at: int

    @property
    def shown(self) -> str:
        """For an error."""
        return "the end" if self.sort is Sort.end else f'"{self.text:.40}"'


def tokens_of(text: str) -> list[Token]:
    """All tokens, the last one Sort.end. Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"{len(text)} characters; allowed: at most {MAX_LENGTH}", MAX_LENGTH + 1
        )
    found = []
    at = 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        group = match.lastgroup or ""
        if group != "space":
            found.append(Token(Sort(group), _plain(match[group], group), at + 1))
        at = match.end()
    found.append(Token(Sort.end, "", len(text) + 1))
    return found


def number_of(token: Token) -> int:
    """The value. Raises ExpressionError for a leading zero and for more than 64 bits."""
    text = token.text.lower()
    if text.startswith("0") and text != "0" and text[1:2].isdigit():
        raise ExpressionError(
            f"expected a number without a leading zero (there are no octal ones), "
            f"found {token.shown}",
            token.at,
        )
    value = int(text, {"0x": 16, "0b": 2}.get(text[:2], 10))
    if value > _U64:
        raise ExpressionError(
            f"expected a number of at most 64 bits, found {token.shown}", token.at
        )
    return value


def _plain(text: str, group: str) -> str:
    return text[1:] if group == "register" else text


def _unreadable(text: str, at: int) -> ExpressionError:
    if text[at].isdigit():
        word = re.match(r"[A-Za-z0-9_.]+", text[at:])
        shown = word[0] if word else text[at]
        return ExpressionError(
            f'expected a number (12, 0x1f, 0b101), found "{shown:.40}"', at + 1
        )
    if text[at] == "`":
        return ExpressionError("expected a closing ` behind a symbol", at + 1)
    return ExpressionError(
        f'expected a number, a name or an operator, found "{text[at]}"', at + 1
    )
