"""A debugger outside the machine: it sees all and changes only what it is told to change.

Its breakpoints are no debug registers of the guest and no int3 in its code. What a person
does is a log of commands with positions; played back it makes the same run without them.
"""

from emulator.debugger.messages import Close, Data, Logged, Message, Open, Park
from emulator.debugger.session import DebugSession, Link

__all__ = ["Close", "Data", "DebugSession", "Link", "Logged", "Message", "Open", "Park"]
