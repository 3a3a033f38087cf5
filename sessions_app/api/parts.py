"""A part of the machine in JSON: register and bit, memory, or a slot; and earlier texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from sessions_app.api.errors import StrictSerializer
from sessions_app.models import EarlierText
from sessions_app.models.anchor import MOMENTS
from sessions_app.parts import MAX_LENGTH, SLOTS, Part
from sessions_app.trace import REGISTER_NAMES

PART_FIELDS = ("register", "bit", "address", "length", "cpu", "slot", "moment")
#: Searched for, not matched: it says where it begins.
_WORD = re.compile(r"^0x[0-9a-fA-F]{1,16}$")
_MOST_CPU = 255


class PartIn(StrictSerializer):
    """At most one: register (and bit), address (and length), or cpu and slot."""

    register = serializers.ChoiceField(
        choices=REGISTER_NAMES, required=False, allow_blank=True
    )
    bit = serializers.IntegerField(
        min_value=0, max_value=63, required=False, help_text="of the register"
    )
    address = serializers.RegexField(
        _WORD,
        max_length=18,
        required=False,
        help_text='memory: a "0x…" word; needs a moment',
        error_messages={"invalid": 'a "0x…" word of at most 64 bits'},
    )
    length = serializers.IntegerField(
        min_value=1,
        max_value=MAX_LENGTH,
        required=False,
        help_text="bytes from address on, else one",
    )
    cpu = serializers.IntegerField(
        min_value=0, max_value=_MOST_CPU, required=False, help_text="of the slot"
    )
    slot = serializers.IntegerField(
        min_value=0, max_value=SLOTS - 1, required=False, help_text="needs a moment"
    )
    moment = serializers.ChoiceField(
        choices=list(MOMENTS),
        required=False,
        allow_blank=True,
        help_text="which snapshot of the hit, else its last",
    )


@extend_schema_field({"type": "string", "nullable": True, "example": "0x402000"})
class AddressOut(serializers.Field[Any, Any, Any, Any]):
    """A "0x…" word, or null."""

    def __init__(self) -> None:
        super().__init__(read_only=True)

    def to_representation(self, value: int) -> str:
        return f"{value:#x}"


class EarlierTextOut(serializers.ModelSerializer[EarlierText]):
    """What a remark said until its author changed it."""

    class Meta:
        model = EarlierText
        fields = ["body", "replaced_at"]
        read_only_fields = fields


def part_in(given: Mapping[str, Any]) -> Part:
    """What of PartIn was given; whether there is such a one is not checked here."""
    address = given.get("address")
    return Part(
        register=given.get("register", ""),
        bit=given.get("bit"),
        address=None if address is None else int(address, 16),
        length=given.get("length", None if address is None else 1),
        cpu=given.get("cpu"),
        slot=given.get("slot"),
    )
