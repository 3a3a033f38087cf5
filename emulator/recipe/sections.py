"""The sections of a recipe, each read from JSON with its defaults and bounds."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from typing import Any

from emulator.errors import RecipeError
from emulator.recipe import bounds
from emulator.recipe.fields import (
    Fields,
    address,
    boolean,
    choice,
    integer,
    list_of,
    location,
    refuse,
    text,
)
from emulator.recipe.model import (
    Breakpoint,
    BreakpointType,
    ImageFormat,
    ImageRef,
    Limits,
    Machine,
    Mode,
    Owner,
    Profiles,
    Schedule,
    Task,
    VariantChoice,
)
from emulator.variants import DEFAULT_VARIANT, switches

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
SYMBOL = r"[A-Za-z_.$][A-Za-z0-9_.$@]{0,254}"

_name = text(NAME, "1..64 letters, digits, _ . - (first a letter or digit)", 64)
_comm = text(r"[^\x00/]+", "1..15 bytes without NUL and /", 15)
_string = text(r"[^\x00]*", "text without NUL", bounds.MAX_STRING)
_sha256 = text(r"[0-9a-f]{64}", "64 lower-case hexadecimal digits", 64)
_symbol = text(SYMBOL, "an ELF symbol name", 255)


def machine(value: object, path: str) -> Machine:
    """The machine section."""
    f = Fields(value, path)
    made = Machine(
        cpus=f.take("cpus", integer(1, bounds.MAX_CPUS)),
        memory=f.take(
            "memory",
            integer(bounds.MIN_MEMORY, bounds.MAX_MEMORY, multiple=bounds.PAGE),
        ),
        profiles=f.take("profiles", _profiles, {}),
    )
    f.close()
    return made


def _profiles(value: object, path: str) -> Profiles:
    f = Fields(value, path)
    made = Profiles(
        dr6_fixed_bits=f.take("dr6_fixed_bits", choice("real", "zero"), "real"),
        shadow=f.take("shadow", choice("amd", "intel"), "amd"),
        rep_slack=f.take("rep_slack", integer(0, bounds.MAX_REP_SLACK), 0),
        hypervisor=f.take("hypervisor", boolean, False),
    )
    f.close()
    return made


def _image(value: object, path: str) -> ImageRef:
    f = Fields(value, path)
    form = ImageFormat(f.take("format", choice(*(m.value for m in ImageFormat))))
    load, symbols = None, {}
    if form is ImageFormat.flat:
        load = f.take("load", address)
        symbols = f.take("symbols", _symbols, {})
    for name in ("load", "symbols"):
        if form is not ImageFormat.flat and f.has(name):
            raise RecipeError("is for format flat only", field=f.path(name))
    made = ImageRef(
        f.take("name", _name), f.take("sha256", _sha256), form, load, symbols
    )
    f.close()
    return made


def _symbols(value: object, path: str) -> dict[str, int]:
    if not isinstance(value, dict):
        raise refuse(value, "an object of addresses by name", path)
    if len(value) > bounds.MAX_SYMBOLS:
        raise RecipeError(
            f"{len(value)} symbols; allowed: at most {bounds.MAX_SYMBOLS}", field=path
        )
    return {
        _symbol(name, path): address(at, f"{path}.{name}") for name, at in value.items()
    }


def _task(value: object, path: str) -> Task:
    f = Fields(value, path)
    name = f.take("name", _name)
    comm = f.take("comm", _comm, name[:15])
    index = int(path[path.rindex("[") + 1 : -1])
    made = Task(
        name=name,
        pid=f.take("pid", integer(1, bounds.MAX_PID), 100 + index),
        comm=comm,
        image=f.take("image", _name),
        cpu=f.take("cpu", integer(0, bounds.MAX_CPUS - 1), 0),
        mode=Mode(f.take("mode", choice(*(m.value for m in Mode)), "user")),
        entry=f.take("entry", location, "_start"),
        args=tuple(f.take("args", list_of(_string, bounds.MAX_STRINGS), [comm])),
        env=tuple(f.take("env", list_of(_string, bounds.MAX_STRINGS), [])),
        stack=f.take(
            "stack",
            integer(bounds.MIN_STACK, bounds.MAX_STACK, multiple=bounds.PAGE),
            64 << 10,
        ),
    )
    f.close()
    return made


def variant(value: object, path: str) -> VariantChoice:
    """The variant section."""
    f = Fields(value, path)
    base = f.take("base", _name, DEFAULT_VARIANT)
    changes = f.take("set", _changes, {})
    f.close()
    made = switches(base, changes, path)
    return VariantChoice(base, {n: getattr(made, n) for n in changes}, made)


def _changes(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refuse(value, "an object of switches", path)
    return value


def _breakpoint(value: object, path: str) -> Breakpoint:
    f = Fields(value, path)
    owner = Owner(f.take("owner", choice(*(m.value for m in Owner))))
    task = f.take("task", _name) if owner is Owner.perf_user else None
    if task is None and f.has("task"):
        raise RecipeError(f"is not for owner {owner}", field=f.path("task"))
    kind = BreakpointType(f.take("type", choice(*(m.value for m in BreakpointType))))
    made = Breakpoint(
        owner=owner,
        task=task,
        type=kind,
        length=f.take("length", _length(kind)),
        at=f.take("at", location),
    )
    f.close()
    return made


def _length(kind: BreakpointType) -> Any:
    allowed = (1,) if kind is BreakpointType.execute else (1, 2, 4, 8)
    words = f"{', '.join(map(str, allowed))} for type {kind}"

    def check(value: object, path: str) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise refuse(value, words, path)
        if value not in allowed:
            raise refuse(value, words, path)
        return int(value)

    return check


def schedule(value: object, path: str) -> Schedule:
    """The schedule section."""
    f = Fields(value, path)
    made = Schedule(
        seed=f.take("seed", integer(0, bounds.MAX_SEED), 1),
        quantum=f.take("quantum", integer(1, bounds.MAX_QUANTUM), 10_000),
    )
    f.close()
    return made


def limits(value: object, path: str) -> Limits:
    """The limits section: each member is required."""
    f = Fields(value, path)
    made = Limits(
        instructions=f.take("instructions", integer(1, bounds.MAX_INSTRUCTIONS)),
        events=f.take("events", integer(1, bounds.MAX_EVENTS)),
        memory=f.take("memory", integer(bounds.MIN_MEMORY, bounds.MAX_MEMORY)),
        wall_ms=f.take("wall_ms", integer(1, bounds.MAX_WALL_MS)),
        output=f.take("output", integer(0, bounds.MAX_OUTPUT)),
    )
    f.close()
    return made


def images(value: object, path: str) -> tuple[ImageRef, ...]:
    """The images section."""
    return tuple(list_of(_image, bounds.MAX_IMAGES, minimum=1)(value, path))


def tasks(value: object, path: str) -> tuple[Task, ...]:
    """The tasks section."""
    return tuple(list_of(_task, bounds.MAX_TASKS, minimum=1)(value, path))


def breakpoints(value: object, path: str) -> tuple[Breakpoint, ...]:
    """The breakpoints section."""
    return tuple(list_of(_breakpoint, bounds.MAX_BREAKPOINTS)(value, path))


#: Members whose ints are addresses, and members that are left out when None.
_ADDRESSES = {"load", "symbols"}
_HIDDEN = {"switches"}


def document_of(value: Any, name: str = "") -> Any:
    """The JSON value of a section: "0x…" for addresses, absent for None."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [document_of(item) for item in value]
    if isinstance(value, dict):
        return {key: document_of(item, name or key) for key, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return _document_of_fields(value)
    return hex(value) if name in _ADDRESSES else value


def _document_of_fields(value: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in fields(value):
        item = getattr(value, field.name)
        if item is None or field.name in _HIDDEN:
            continue
        if field.name == "symbols" and value.load is None:
            continue
        out[field.name] = document_of(item, field.name)
    return out
