"""qRcmd: gdb's `monitor`. A command may be shortened as long as one is meant."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.gdbstub.full.session import Family, FullSession
from emulator.gdbstub.hexadecimal import Reader, from_hex
from emulator.gdbstub.replies import OK, Console, Reply, Unsupported

_HELP = "help"
_HELP_OF_HELP = "What commands there are."


def _run(session: FullSession, text: bytes) -> Reply:
    """qRcmd,digits of the text."""
    monitor = session.target.monitor
    if monitor is None:
        return Unsupported()
    reader = Reader(text)
    reader.expect(b",")
    words = from_hex(reader.rest()).decode(errors="replace").split()
    commands = {**monitor.commands, _HELP: _HELP_OF_HELP}
    name, *arguments = words or [_HELP]
    meant = [n for n in commands if n == name] or [
        n for n in commands if n.startswith(name)
    ]
    if len(meant) != 1:
        return Console(_not_understood(name, meant or list(commands)), OK())
    if meant[0] == _HELP:
        return Console(_help(commands), OK())
    return Console(_line(monitor.run(meant[0], arguments)), OK())


def _line(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _not_understood(name: str, choice: list[str]) -> str:
    return f"{name}: one of {', '.join(sorted(choice))} expected\n"


def _help(commands: Mapping[str, str]) -> str:
    width = max(map(len, commands))
    return "".join(f"{n:<{width}}  {text}\n" for n, text in sorted(commands.items()))


MONITOR = Family({b"qRcmd": _run})
