"""Model fields for numbers that Linux treats as unsigned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

_SIGN = 1 << 63
_MASK = (1 << 64) - 1


if TYPE_CHECKING:
    _BigInteger = models.BigIntegerField[int | None, int | None]
else:
    _BigInteger = models.BigIntegerField


class AddressField(_BigInteger):
    """A 64-bit address that sorts as unsigned in a signed column.

    Stored is ``x XOR 2**63`` read as signed, which is ``x - 2**63``; ADR 0002.
    """

    description = "Unsigned 64-bit address"

    def get_prep_value(self, value: Any) -> int | None:
        if value is None:
            return None
        number = int(value)
        if not 0 <= number <= _MASK:
            raise ValueError(f"{number:#x} is not a 64-bit address")
        return number - _SIGN

    def from_db_value(
        self, value: int | None, expression: Any, connection: Any
    ) -> int | None:
        return None if value is None else value + _SIGN
