"""gdb's agent expressions: bytecode that a target evaluates in gdb's stead.

Source: "The GDB Agent Expression Mechanism", appendix F of gdb's manual.
"""

from emulator.gdbstub.agent.evaluate import AgentPlace, evaluate, holds
from emulator.gdbstub.agent.opcodes import Op

__all__ = ["AgentPlace", "Op", "evaluate", "holds"]
