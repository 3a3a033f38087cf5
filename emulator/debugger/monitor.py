"""gdb's ``monitor`` commands: what the model knows, in words (docs/gdb-protocol.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields

from emulator.boot import System
from emulator.core.perf_event import slot_field
from emulator.debugger.wants import WANT, Wants
from emulator.events import Callee, EventKind
from emulator.recorder import Recorder
from emulator.trace.event_words import holder_name
from emulator.trace.record import unpack_records
from emulator.trace.tree import build_tree
from emulator.trace.verdict import judge
from emulator.trace.words import slot_in_words
from emulator.variants import Switches


class MachineMonitor:
    """gdbstub.target.Monitor of a machine."""

    def __init__(self, system: System, recorder: Recorder, wants: Wants) -> None:
        self._system = system
        self._recorder = recorder
        self._run: Mapping[str, tuple[str, Callable[[], list[str]]]] = {
            "slots": ("who holds which slot on each CPU", self._slots),
            "chain": ("the die chain in order", self._chain),
            "dr": ("debug registers of each CPU beside the shadow state", self._dr),
            "variant": ("the switches of the kernel that is modelled", self._variant),
            "verdict": ("what became of the last hit", self._verdict),
        }
        self._wants = wants

    @property
    def commands(self) -> Mapping[str, str]:
        """Name to one line of help."""
        told = {name: text for name, (text, _) in self._run.items()}
        return told | {WANT: Wants.HELP}

    def run(self, name: str, arguments: Sequence[str]) -> str:
        """The text to print."""
        if name == WANT:
            return "\n".join(self._wants.run(arguments)) + "\n"
        return "\n".join(self._run[name][1]()) + "\n"

    def _slots(self) -> list[str]:
        lines = []
        for cpu in self._system.model.breakpoints.slots_view():
            own = [holder_name(slot_field(index)) for index in cpu.own]
            lines.append(f"CPU {cpu.cpu}: {', '.join(own) or 'none of its own'}")
            for pid, events in cpu.tasks.items():
                names = ", ".join(holder_name(slot_field(index)) for index in events)
                lines.append(f"  task {pid}: {names}")
        return lines

    def _chain(self) -> list[str]:
        return [
            f"{block.priority:>11} {Callee(block.callee).name}"
            for block in self._system.model.chain.head.blocks()
        ]

    def _dr(self) -> list[str]:
        lines = []
        for cpu in self._system.machine.cpus:
            state = self._system.model.states[cpu.index]
            lines.append(
                f"CPU {cpu.index}: DR7 {cpu.unit.dr7:#010x} cpu_dr7 "
                f"{state.cpu_dr7:#010x} DR6 {cpu.unit.dr6:#010x}"
            )
            for slot in range(4):
                believed = slot_in_words(state.cpu_dr7, slot)
                lines.append(
                    f"  {slot}: {cpu.unit.address[slot]:#018x} "
                    f"{slot_in_words(cpu.unit.dr7, slot)}; the kernel believes: {believed}"
                )
        return lines

    def _variant(self) -> list[str]:
        switches = self._system.model.switches
        return [f"{f.name} = {getattr(switches, f.name)}" for f in fields(Switches)]

    def _verdict(self) -> list[str]:
        records = unpack_records(self._recorder.last_records)
        hits = [r for r in records if r.kind == EventKind.HIT]
        if not hits:
            return ["no hit lately"]
        root = build_tree(records, hits[-1].seq)
        assert root is not None
        verdict = judge(root, hits[-1], place=f"{hits[-1].addr:#x}")
        return [f"event {hits[-1].seq}: {verdict.title}", verdict.sentence]
