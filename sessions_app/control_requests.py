"""What may be asked of a run's debugger over REST and from the page, and in which form.

Each command has its fields; what is wrong with one is said by name, value and what is
allowed. Addresses may be names of the run's images.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sessions_app.errors import InvalidControl
from sessions_app.models import Run
from sessions_app.run_facts import RunFacts, run_facts

_U64 = (1 << 64) - 1
_WIDEST = (1 << 128) - 1
MAX_LENGTH = 4096
_LOCATION = re.compile(r"(?P<name>[^+\s]+)(?:\+(?P<offset>0x[0-9a-fA-F]{1,16}))?\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,32}\Z")
_NUMBER = re.compile(r"-?[0-9]{1,10}\Z")
_SHOWN = 6

Parse = Callable[[str, Any, RunFacts], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a command; a default of None may be left out of the request."""

    name: str
    parse: Parse
    required: bool = False
    default: Any = None


def _refuse(field: str, value: Any, detail: str, allowed: str) -> InvalidControl:
    return InvalidControl(
        f"{field}: {detail}; allowed: {allowed}",
        field=field,
        value=value,
        allowed=allowed,
    )


def _place(field: str, value: Any, facts: RunFacts) -> int:
    """``0x401000``, ``counter``, ``counter+0x8``."""
    allowed = "0x…, a name of the run's images, or name+0x…"
    found = _LOCATION.match(value) if isinstance(value, str) else None
    if found is None:
        raise _refuse(field, value, "no place", allowed)
    name, offset = found["name"], int(found["offset"] or "0", 16)
    if _HEX.match(name):
        base = int(name, 16)
    elif name in facts.table:
        base = facts.table[name]
    else:
        near = difflib.get_close_matches(name, facts.table, _SHOWN)
        raise _refuse(field, value, f"no {name[:80]} here", ", ".join(near) or allowed)
    if base + offset > _U64:
        raise _refuse(field, value, "does not fit in 64 bits", allowed)
    return base + offset


def _whole(low: int, high: int) -> Parse:
    def parse(field: str, value: Any, facts: RunFacts) -> int:
        if isinstance(value, str) and _NUMBER.match(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            value_is = "no whole number"
        elif low <= value <= high:
            return value
        else:
            value_is = "out of range"
        raise _refuse(field, value, value_is, f"a whole number from {low} to {high}")

    return parse


def _flag(field: str, value: Any, facts: RunFacts) -> bool:
    if not isinstance(value, bool):
        raise _refuse(field, value, "neither", "true, false")
    return value


def _bytes(field: str, value: Any, facts: RunFacts) -> str:
    allowed = f"1 to {MAX_LENGTH} bytes as pairs of hexadecimal digits"
    try:
        data = bytes.fromhex(value)
    except (TypeError, ValueError):
        raise _refuse(field, value, "no bytes", allowed) from None
    if not 1 <= len(data) <= MAX_LENGTH:
        raise _refuse(field, f"{len(data)} bytes", "too few or too many", allowed)
    return data.hex()


def _names(field: str, value: Any, facts: RunFacts) -> list[str]:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return value
    raise _refuse(field, value, "no list of names", "a list of register names")


def _values(field: str, value: Any, facts: RunFacts) -> dict[str, int]:
    allowed = 'an object of names and "0x…" values'
    if not isinstance(value, dict) or not value:
        raise _refuse(field, value, "no registers", allowed)
    for name, text in value.items():
        if not isinstance(text, str) or not _HEX.match(text):
            raise _refuse(f"{field}.{name}", text, "no value", '"0x…"')
    return {name: int(text, 16) & _WIDEST for name, text in value.items()}


_THREAD = Field("thread", _whole(-(1 << 31), (1 << 31) - 1))
_AT = Field("at", _place, required=True)
_LENGTH = Field("length", _whole(1, MAX_LENGTH), default=4)
_WATCH = (_AT, _LENGTH)
COMMANDS: Mapping[str, tuple[Field, ...]] = {
    "attach": (),
    "detach": (),
    "continue": (Field("wait", _flag, default=False),),
    "step": (_THREAD, Field("wait", _flag, default=True)),
    "interrupt": (),
    "break": (_AT, Field("length", _whole(1, 1), default=1)),
    "watch": _WATCH,
    "rwatch": _WATCH,
    "awatch": _WATCH,
    "delete": (Field("breakpoint", _whole(1, 1 << 31), required=True),),
    "read_memory": (_AT, Field("length", _whole(1, MAX_LENGTH), default=64), _THREAD),
    "write_memory": (_AT, Field("data", _bytes, required=True), _THREAD),
    "read_registers": (Field("names", _names), _THREAD),
    "write_registers": (Field("registers", _values, required=True), _THREAD),
    "threads": (),
}


def control_request(run: Run, data: Any) -> dict[str, Any]:
    """The request as the worker takes it. Raises InvalidControl."""
    do = data.get("do") if isinstance(data, Mapping) else None
    if not isinstance(do, str) or do not in COMMANDS:
        raise _refuse("do", do, "no command", ", ".join(COMMANDS))
    fields = COMMANDS[do]
    known = ["do", *(field.name for field in fields)]
    for name in data:
        if name not in known:
            raise _refuse(name, data[name], "unknown field", ", ".join(known))
    facts = run_facts(run)
    request: dict[str, Any] = {"do": do}
    for field in fields:
        if field.name in data:
            request[field.name] = field.parse(field.name, data[field.name], facts)
        elif field.required:
            raise _refuse(field.name, None, "missing", f"required by {do}")
        elif field.default is not None:
            request[field.name] = field.default
    if "at" in request:
        request["address"] = request.pop("at")
        request["place"] = str(data["at"])
    return request
