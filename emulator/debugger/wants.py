"""`monitor want`: which hits of its breakpoints a debugger wants, in words of docs/expressions.md.

gdb's own conditions know neither `old` nor `hits` nor the kernel's registers, and cost a
stop each where gdb evaluates them.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence

from emulator.conditions import Tally
from emulator.errors import EmulatorError, KernelError
from emulator.expression import Expression, parse_expression
from emulator.loading import Places
from emulator.recipe import address_of

WANT = "want"
_EINVAL = 22
MAX_WISHES = 64
_MAX_COUNT = 2**53 - 1


class Wants:
    """Over the wishes of one debugger, by address."""

    HELP = "which hits: [PLACE [ignore N] [limit N] [if EXPRESSION]]; PLACE alone: all"

    def __init__(self, wishes: MutableMapping[int, Tally], places: Places) -> None:
        self._wishes = wishes
        self._places = places

    def run(self, arguments: Sequence[str]) -> list[str]:
        """Lines to print, also what is wrong with the words: gdb shows no error of a
        monitor command."""
        if not arguments:
            told = [_line(at, wish) for at, wish in sorted(self._wishes.items())]
            return told or ["every hit is wanted"]
        try:
            return [self._wish(list(arguments))]
        except EmulatorError as error:
            return [error.detail]

    def _wish(self, words: list[str]) -> str:
        address = self._address(words.pop(0))
        counts = {"ignore": 0, "limit": 0}
        while words and words[0] in counts:
            name = words.pop(0)
            counts[name] = _count(words.pop(0) if words else "")
        condition = self._condition(words)
        if condition is None and not any(counts.values()):
            self._wishes.pop(address, None)
            return f"{address:#x}: every hit is wanted"
        if len(self._wishes) >= MAX_WISHES and address not in self._wishes:
            raise _refused(f"more than {MAX_WISHES} places")
        wish = Tally(condition, counts["ignore"], counts["limit"] or None)
        self._wishes[address] = wish
        return _line(address, wish)

    def _condition(self, words: list[str]) -> Expression | None:
        if not words:
            return None
        if words[0] != "if":
            raise _refused(f"{words[0]}: ignore, limit or if expected")
        symbols = self._places.symbols()
        return parse_expression(" ".join(words[1:])).bind(
            lambda name, _at: address_of(name, symbols, field="condition")
        )

    def _address(self, text: str) -> int:
        return self._places.address(text, "place")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_COUNT:
        raise _refused(f"{text or 'nothing'}: a number from 1 expected")
    return int(text)


def _refused(detail: str) -> KernelError:
    return KernelError(_EINVAL, detail)


def _line(address: int, wish: Tally) -> str:
    return f"{address:#x}: {wish}; {wish.count} hits, {wish.wanted} wanted"
