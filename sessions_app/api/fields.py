"""Field types of the API: 64-bit values are "0x…" strings, because JSON numbers are doubles."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field(
    {"type": "string", "pattern": "^0x[0-9a-f]+$", "example": "0x401000"}
)
class HexField(serializers.Field[int, str, str, int]):
    """An unsigned 64-bit value."""

    def to_representation(self, value: int) -> str:
        return f"{value:#x}"

    def to_internal_value(self, data: str) -> int:
        try:
            value = int(str(data), 16)
        except ValueError as error:
            raise serializers.ValidationError("not a hexadecimal value") from error
        if not 0 <= value < 1 << 64:
            raise serializers.ValidationError("does not fit in 64 bits")
        return value
