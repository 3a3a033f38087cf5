"""Z and z.

::

    Z type,addr,kind[;X len,bytes...][;cmds:persist,X len,bytes...]

Conditions are agent expressions; they are for a target that evaluates them. Commands are
read so that they cannot be taken for something else, and refused: this stub does not
announce that it can carry them out.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.gdbstub.full.session import Family, FullSession
from emulator.gdbstub.hexadecimal import Reader, from_hex, malformed
from emulator.gdbstub.replies import EOPNOTSUPP, OK, Error, Reply, Unsupported
from emulator.gdbstub.target import BreakpointKind, Breakpoints, StubTarget


@dataclass(frozen=True, slots=True)
class _Place:
    """What a packet is about."""

    kind: BreakpointKind
    address: int
    length: int
    conditions: list[bytes]
    commands: int


def _insert(session: FullSession, text: bytes) -> Reply:
    breakpoints, place = _read(session, text)
    if breakpoints is None or place is None:
        return Unsupported()
    if place.commands:
        return Error(EOPNOTSUPP, "commands are not carried out by the target")
    if not place.conditions:
        breakpoints.insert(place.kind, place.address, place.length)
        return OK()
    evaluator = session.target.conditions
    if evaluator is None:
        return Error(EOPNOTSUPP, "conditions are not evaluated by the target")
    evaluator.insert_conditional(
        place.kind, place.address, place.length, place.conditions
    )
    return OK()


def _remove(session: FullSession, text: bytes) -> Reply:
    breakpoints, place = _read(session, text)
    if breakpoints is None or place is None:
        return Unsupported()
    if place.conditions or place.commands:
        raise malformed("nothing is said of what goes")
    breakpoints.remove(place.kind, place.address, place.length)
    return OK()


def _read(
    session: FullSession, text: bytes
) -> tuple[Breakpoints | None, _Place | None]:
    """None for a kind that the target has not: gdb then tries access for read."""
    breakpoints = session.target.breakpoints
    kind = _kind(text)
    if kind is None or breakpoints is None or kind not in breakpoints.kinds:
        return breakpoints, None
    reader = Reader(text, 1)
    reader.expect(b",")
    address = reader.number()
    reader.expect(b",")
    length = reader.number()
    return breakpoints, _Place(kind, address, length, *_expressions(reader))


def _kind(text: bytes) -> BreakpointKind | None:
    digit = text[:1]
    return BreakpointKind(int(digit)) if b"0" <= digit <= b"4" else None


def _expressions(reader: Reader) -> tuple[list[bytes], int]:
    """Conditions, and how many commands; EINVAL when they do not read."""
    conditions: list[bytes] = []
    commands = 0
    while reader.skip(b";"):
        are_commands = reader.rest().startswith(b"cmds:")
        if are_commands:
            reader.at += len(b"cmds:")
            reader.number()
            reader.expect(b",")
        while reader.skip(b"X"):
            code = _expression(reader)
            if are_commands:
                commands += 1
            else:
                conditions.append(code)
    reader.end()
    return conditions, commands


def _expression(reader: Reader) -> bytes:
    """len,digits."""
    length = reader.number()
    reader.expect(b",")
    digits = reader.rest()[: 2 * length]
    reader.at += len(digits)
    if len(digits) != 2 * length:
        raise malformed("an expression of another length than it says")
    return from_hex(digits)


def _announced(target: StubTarget) -> list[str]:
    kinds = target.breakpoints.kinds if target.breakpoints else ()
    hardware = any(kind is not BreakpointKind.SOFTWARE for kind in kinds)
    return [
        *(["swbreak+"] if BreakpointKind.SOFTWARE in kinds else []),
        *(["hwbreak+"] if hardware else []),
        *(["ConditionalBreakpoints+"] if kinds and target.conditions else []),
    ]


BREAKPOINTS = Family({b"Z": _insert, b"z": _remove}, _announced)
