"""A script that says what cannot be is refused with the name of the field."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import RecipeError
from emulator.tests.script.loops import at_first, scripted

_START = {"start": True}


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"do": "kexec", "cpu": 0}, "script[0].at"),
        ({"at": {}, "do": "kexec", "cpu": 0}, "script[0].at"),
        ({"at": {"start": True, "hit": 1}, "do": "kexec", "cpu": 0}, "script[0].at"),
        ({"at": {"start": False}, "do": "kexec", "cpu": 0}, "script[0].at.start"),
        ({"at": {"hit": 0}, "do": "kexec", "cpu": 0}, "script[0].at.hit"),
        ({"at": {"retired": -1}, "do": "kexec", "cpu": 0}, "script[0].at.retired"),
        ({"at": {"symbol": "nowhere"}, "do": "kexec", "cpu": 0}, "script[0].at.symbol"),
        ({"at": _START, "do": "explode"}, "script[0].do"),
        ({"at": _START, "do": "register"}, "script[0].breakpoint"),
        ({"at": _START, "do": "register", "breakpoint": 9}, "script[0].breakpoint"),
        ({"at": _START, "do": "signal", "task": "x", "signal": 9}, "script[0].task"),
        (
            {"at": _START, "do": "signal", "task": "task0", "signal": 65},
            "script[0].signal",
        ),
        ({"at": _START, "do": "kexec", "cpu": 1}, "script[0].cpu"),
        ({"at": _START, "do": "kexec", "cpu": 0, "why": ""}, "script[0].why"),
        ({"at": _START, "do": "packet", "data": "c"}, "script[0].at"),
        ({"at": _START, "do": "add_notifier", "notifier": 0}, "script[0].notifier"),
    ],
)
def test_the_field_is_named(entry: dict[str, Any], field: str) -> None:
    with pytest.raises(RecipeError) as refused:
        scripted(entry)

    assert refused.value.field == field


def test_a_script_has_an_end() -> None:
    with pytest.raises(RecipeError) as refused:
        scripted(*[at_first("kexec", cpu=0)] * 100_000)

    assert refused.value.field == "script"
