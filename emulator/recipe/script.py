"""The script of a recipe: what is done to the machine, and when.

An entry has a moment (``at``) and an action (``do`` with its parameters, flat beside it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    text,
)

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_COUNT = integer(1, bounds.MAX_EVENTS)
_name = text(_NAME, "1..64 letters, digits, _ . - (first a letter or digit)", 64)
_packet = text(r"[ -~]+", "printable ASCII", bounds.MAX_PACKET)
_cpu = integer(0, bounds.MAX_CPUS - 1)
_breakpoint = integer(0, bounds.MAX_BREAKPOINTS - 1)
_notifier = integer(0, bounds.MAX_NOTIFIERS - 1)
_pid = integer(1, bounds.MAX_PID)
_length = integer(0, 16)

Check = Callable[[object, str], Any]


class Moment(StrEnum):
    """When an entry acts."""

    start = "start"
    """Before the first instruction."""
    retired = "retired"
    """When this CPU has retired so many instructions."""
    symbol = "symbol"
    """Before a CPU executes the instruction there (for the count-th time)."""
    hit = "hit"
    """After the n-th hit has returned."""
    stop = "stop"
    """While the debugger holds the machine for the n-th time."""


class Do(StrEnum):
    """What an entry does."""

    packet = "packet"
    register = "register"
    unregister = "unregister"
    enable = "enable"
    disable = "disable"
    modify = "modify"
    poke = "poke"
    peek = "peek"
    switch_to = "switch_to"
    fork = "fork"
    exec = "exec"
    signal = "signal"
    vm_run = "vm_run"
    suspend = "suspend"
    kexec = "kexec"
    hold_slots = "hold_slots"
    add_notifier = "add_notifier"
    remove_notifier = "remove_notifier"
    write_register = "write_register"
    kgdb_arch_late = "kgdb_arch_late"
    reboot = "reboot"


#: Parameters of each action: check, and the default where one may be left out.
_REQUIRED: Any = object()
_ACTIONS: Mapping[Do, Mapping[str, tuple[Check, Any]]] = {
    Do.packet: {"data": (_packet, _REQUIRED)},
    Do.register: {"breakpoint": (_breakpoint, _REQUIRED)},
    Do.unregister: {"breakpoint": (_breakpoint, _REQUIRED)},
    Do.enable: {"breakpoint": (_breakpoint, _REQUIRED)},
    Do.disable: {"breakpoint": (_breakpoint, _REQUIRED)},
    Do.modify: {
        "breakpoint": (_breakpoint, _REQUIRED),
        "location": (location, _REQUIRED),
        "type": (choice("execute", "write", "access"), _REQUIRED),
        "length": (_length, _REQUIRED),
        "disabled": (boolean, False),
        "by_ioctl": (boolean, False),
    },
    Do.poke: {
        "task": (_name, _REQUIRED),
        "register": (integer(0, 7), _REQUIRED),
        "value": (address, _REQUIRED),
    },
    Do.peek: {"task": (_name, _REQUIRED), "register": (integer(0, 7), _REQUIRED)},
    Do.switch_to: {"task": (_name, _REQUIRED)},
    Do.fork: {"task": (_name, _REQUIRED), "child": (_name, _REQUIRED)},
    Do.exec: {"task": (_name, _REQUIRED)},
    Do.signal: {"task": (_name, _REQUIRED), "signal": (integer(1, 64), _REQUIRED)},
    Do.vm_run: {"cpu": (_cpu, _REQUIRED), "guest_dr7": (address, "0x400")},
    Do.suspend: {"cpu": (_cpu, _REQUIRED)},
    Do.kexec: {"cpu": (_cpu, _REQUIRED)},
    Do.hold_slots: {"held": (boolean, _REQUIRED)},
    Do.add_notifier: {"notifier": (_notifier, _REQUIRED)},
    Do.remove_notifier: {"notifier": (_notifier, _REQUIRED)},
    Do.write_register: {
        "cpu": (_cpu, _REQUIRED),
        "register": (integer(0, 7), _REQUIRED),
        "value": (address, _REQUIRED),
    },
    Do.kgdb_arch_late: {},
    Do.reboot: {},
}


@dataclass(frozen=True, slots=True)
class At:
    """The moment of an entry: number for retired, hit and stop; place for symbol."""

    moment: Moment
    number: int = 0
    place: str = ""
    cpu: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the script."""

    at: At
    do: Do
    parameters: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Its canonical form."""
        at: dict[str, Any] = {self.at.moment.value: self.at.number}
        if self.at.moment is Moment.start:
            at = {"start": True}
        elif self.at.moment is Moment.symbol:
            at = {"symbol": self.at.place, "count": self.at.number}
        elif self.at.moment is Moment.retired:
            at["cpu"] = self.at.cpu
        shown = {
            name: hex(value) if name in ("value", "guest_dr7") else value
            for name, value in self.parameters.items()
        }
        return {"at": at, "do": self.do.value, **shown}


def script(value: object, path: str) -> tuple[Entry, ...]:
    """The script section."""
    return tuple(list_of(_entry, bounds.MAX_SCRIPT)(value, path))


def _entry(value: object, path: str) -> Entry:
    f = Fields(value, path)
    at = f.take("at", _at)
    do = Do(f.take("do", choice(*(m.value for m in Do))))
    parameters = {}
    for name, (check, default) in _ACTIONS[do].items():
        if default is _REQUIRED:
            parameters[name] = f.take(name, check)
        else:
            parameters[name] = f.take(name, check, default)
    f.close()
    if do is Do.packet and at.moment is not Moment.stop:
        raise RecipeError(
            "a packet needs a stopped machine; allowed: {stop: n}", field=f.path("at")
        )
    return Entry(at, do, parameters)


def _at(value: object, path: str) -> At:
    f = Fields(value, path)
    named = [m for m in Moment if f.has(m.value)]
    if len(named) != 1:
        words = ", ".join(m.value for m in Moment)
        raise RecipeError(
            f"states {len(named)} moments; allowed: one of {words}", field=path
        )
    (moment,) = named
    made = _MOMENTS[moment](f)
    f.close()
    return made


def _start(f: Fields) -> At:
    f.take("start", choice(True))
    return At(Moment.start)


def _retired(f: Fields) -> At:
    count = f.take("retired", integer(1, bounds.MAX_INSTRUCTIONS))
    return At(Moment.retired, count, cpu=f.take("cpu", _cpu, 0))


def _symbol(f: Fields) -> At:
    place = f.take("symbol", location)
    return At(Moment.symbol, f.take("count", _COUNT, 1), place)


def _hit(f: Fields) -> At:
    return At(Moment.hit, f.take("hit", _COUNT))


def _stop(f: Fields) -> At:
    return At(Moment.stop, f.take("stop", _COUNT))


_MOMENTS: Mapping[Moment, Callable[[Fields], At]] = {
    Moment.start: _start,
    Moment.retired: _retired,
    Moment.symbol: _symbol,
    Moment.hit: _hit,
    Moment.stop: _stop,
}
