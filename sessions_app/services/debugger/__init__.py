"""Debuggers of a run, as its worker sees them (docs/debugging.md)."""

from sessions_app.services.debugger.clients import Inbox
from sessions_app.services.debugger.command_log import (
    CommandLog,
    command_lines,
    command_page,
)
from sessions_app.services.debugger.link import DebugLink, Outbox
from sessions_app.services.debugger.port import open_port
from sessions_app.services.debugger.switchboard import CONSOLE, Switchboard

__all__ = [
    "CONSOLE",
    "CommandLog",
    "DebugLink",
    "Inbox",
    "Outbox",
    "Switchboard",
    "command_lines",
    "command_page",
    "open_port",
]
