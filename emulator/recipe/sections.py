"""The sections of a recipe, each read from JSON with its defaults and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any

from emulator.errors import ExpressionError, RecipeError
from emulator.expression import parse_expression
from emulator.recipe import bounds
from emulator.recipe.fields import (
    Check,
    Fields,
    address,
    boolean,
    choice,
    integer,
    list_of,
    location,
    maybe,
    refuse,
    text,
)
from emulator.recipe.model import (
    Breakpoint,
    BreakpointType,
    Checks,
    ImageFormat,
    ImageRef,
    Kgdb,
    Limits,
    Machine,
    Mode,
    Notifier,
    Owner,
    Profiles,
    Schedule,
    Task,
    VariantChoice,
)
from emulator.recipe.script import Entry
from emulator.variants import DEFAULT_VARIANT, switches, variant_named

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
SYMBOL = r"[A-Za-z_.$][A-Za-z0-9_.$@]{0,254}"

_name = text(NAME, "1..64 letters, digits, _ . - (first a letter or digit)", 64)
_comm = text(r"[^\x00/]+", "1..15 bytes without NUL and /", 15)
_string = text(r"[^\x00]*", "text without NUL", bounds.MAX_STRING)
_sha256 = text(r"[0-9a-f]{64}", "64 lower-case hexadecimal digits", 64)
_symbol = text(SYMBOL, "an ELF symbol name", 255)


def machine(value: object, path: str, choice_of: VariantChoice) -> Machine:
    """The machine section; what the variant says of the processor are defaults."""
    f = Fields(value, path)
    known = variant_named(choice_of.base).machine
    made = Machine(
        cpus=f.take("cpus", integer(1, bounds.MAX_CPUS)),
        memory=f.take(
            "memory",
            integer(bounds.MIN_MEMORY, bounds.MAX_MEMORY, multiple=bounds.PAGE),
        ),
        profiles=f.take("profiles", lambda v, p: _profiles(v, p, known), {}),
    )
    f.close()
    return made


def _profiles(value: object, path: str, known: Mapping[str, bool | str]) -> Profiles:
    f = Fields(value, path)
    bits = known.get("dr6_fixed_bits", "real")
    made = Profiles(
        dr6_fixed_bits=f.take("dr6_fixed_bits", choice("real", "zero"), bits),
        shadow=f.take("shadow", choice("amd", "intel"), "amd"),
        rep_slack=f.take("rep_slack", integer(0, bounds.MAX_REP_SLACK), 0),
        hypervisor=f.take("hypervisor", boolean, known.get("hypervisor", False)),
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
        traced=f.take("traced", boolean, False),
        forked=f.take("forked", boolean, False),
    )
    f.close()
    return made


def variant(value: object, path: str) -> VariantChoice:
    """The variant section."""
    f = Fields(value, path)
    base = variant_named(f.take("base", _name, DEFAULT_VARIANT), f.path("base")).id
    changes = f.take("set", _changes, {})
    f.close()
    made = switches(base, changes, path)
    return VariantChoice(base, {n: getattr(made, n) for n in changes}, made)


def _changes(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refuse(value, "an object of switches", path)
    return value


#: Members that only breakpoints of these owners have; required there.
_OWN_MEMBERS = {
    "task": (_name, (Owner.perf_user, Owner.ptrace)),
    "cpu": (integer(0, bounds.MAX_CPUS - 1), (Owner.perf_cpu,)),
    "slot": (integer(0, 3), (Owner.ptrace,)),
}


def _breakpoint(value: object, path: str) -> Breakpoint:
    f = Fields(value, path)
    owner = Owner(f.take("owner", choice(*(m.value for m in Owner))))
    own: dict[str, Any] = {}
    for name, (check, owners) in _OWN_MEMBERS.items():
        if owner in owners:
            own[name] = f.take(name, check)
        elif f.has(name):
            raise RecipeError(f"is not for owner {owner}", field=f.path(name))
    kind = BreakpointType(f.take("type", choice(*(m.value for m in BreakpointType))))
    made = Breakpoint(
        owner=owner,
        task=own.get("task"),
        type=kind,
        length=f.take("length", _length(kind)),
        at=f.take("at", location),
        cpu=own.get("cpu"),
        slot=own.get("slot"),
        registered=f.take("registered", boolean, True),
        disabled=f.take("disabled", boolean, False),
        exclude_kernel=f.take("exclude_kernel", boolean, False),
        exclude_user=f.take("exclude_user", boolean, False),
        period=f.take("period", integer(0, bounds.MAX_PERIOD), 1),
        inherit=f.take("inherit", boolean, False),
        condition=f.take("condition", maybe(_condition(kind)), None),
        ignore=f.take("ignore", integer(0, bounds.MAX_COUNT), 0),
        limit=f.take("limit", maybe(integer(1, bounds.MAX_COUNT)), None),
    )
    f.close()
    return made


def _condition(kind: BreakpointType) -> Check[str]:
    """An expression, as it was written."""

    def check(value: object, path: str) -> str:
        if not isinstance(value, str):
            raise refuse(value, "an expression (docs/expressions.md)", path)
        try:
            read = parse_expression(value)
        except ExpressionError as error:
            raise RecipeError(error.detail, field=path) from error
        watched = sorted(read.facts & {"value", "old"})
        if watched and kind is BreakpointType.execute:
            raise RecipeError(
                f'"{watched[0]}" is not for type execute: nothing is watched',
                field=path,
            )
        return value

    return check


def _notifier(value: object, path: str) -> Notifier:
    f = Fields(value, path)
    made = Notifier(
        name=f.take("name", _name),
        priority=f.take("priority", integer(-(2**31), 2**31 - 1), 0),
        events=tuple(f.take("events", list_of(_die_val, len(_DIE)), ["DIE_DEBUG"])),
        returns=f.take("returns", choice("DONE", "OK", "STOP", "BAD"), "DONE"),
        clears=f.take("clears", choice("nothing", "BS", "trap_bits"), "nothing"),
        registered=f.take("registered", boolean, True),
    )
    f.close()
    return made


_DIE = ("DIE_DEBUG", "DIE_INT3", "DIE_NMI", "DIE_OOPS", "DIE_TRAP", "DIE_GPF")
_die_val = choice(*_DIE)


def notifiers(value: object, path: str) -> tuple[Notifier, ...]:
    """The notifiers section."""
    return tuple(list_of(_notifier, bounds.MAX_NOTIFIERS)(value, path))


def kgdb(value: object, path: str) -> Kgdb | None:
    """The kgdb section; None is a kernel without kgdb."""
    if value is None:
        return None
    f = Fields(value, path)
    made = Kgdb(
        connected=f.take("connected", boolean, True),
        early=f.take("early", boolean, False),
    )
    f.close()
    return made


def checks(value: object, path: str) -> Checks:
    """The checks section."""
    f = Fields(value, path)
    made = Checks(not_fired=f.take("not_fired", boolean, True))
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
        restops=f.take("restops", integer(2, bounds.MAX_RESTOPS), 8),
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
    if isinstance(value, Entry):
        return value.to_json()
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
        if field.metadata and field.default is not MISSING and item == field.default:
            continue
        if field.name == "symbols" and value.load is None:
            continue
        out[field.name] = document_of(item, field.name)
    return out
