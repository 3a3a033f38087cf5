"""Carries out the recipe's script at its moments.

Each entry is an ACTION event, what it does hangs below it. What the kernel refuses is the
event's return value, never the end of a run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from emulator.errors import KernelError
from emulator.events import EventKind
from emulator.gdbstub.packet import encode
from emulator.kgdb.ports import Answer, Stop
from emulator.recipe import Entry, ScriptMoment
from emulator.recorder import Recorder
from emulator.target.cpu import Cpu

#: Carries out one entry. Raises KernelError with what the kernel answers.
Act = Callable[[Entry], None]


class ScriptRunner:
    """The entries of one recipe, by moment; each acts once."""

    def __init__(
        self,
        entries: tuple[Entry, ...],
        places: Mapping[int, int],
        recorder: Recorder,
        act: Act,
    ) -> None:
        """places: addresses of the entries at a symbol, by their index."""
        self._recorder = recorder
        self._act = act
        self._entries = entries
        self._at: dict[ScriptMoment, dict[int, list[int]]] = {
            moment: defaultdict(list) for moment in ScriptMoment
        }
        self._retired: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._places: dict[int, list[int]] = defaultdict(list)
        self._reached: dict[int, int] = defaultdict(int)
        for index, entry in enumerate(entries):
            self._file(index, entry, places)
        for waiting in self._retired.values():
            waiting.sort()
        self._hits_seen = 0

    def _file(self, index: int, entry: Entry, places: Mapping[int, int]) -> None:
        at = entry.at
        if at.moment is ScriptMoment.retired:
            self._retired[at.cpu].append((at.number, index))
        elif at.moment is ScriptMoment.symbol:
            self._places[places[index]].append(index)
        else:
            self._at[at.moment][at.number].append(index)

    @property
    def probes(self) -> frozenset[int]:
        """Addresses at which something is still to be done."""
        return frozenset(a for a, waiting in self._places.items() if waiting)

    def start(self) -> None:
        """Before the first instruction."""
        self._run(self._at[ScriptMoment.start].pop(0, []))

    def room(self, cpu: Cpu, count: int) -> int:
        """How many of the next instructions may run before something is due: at least 1."""
        waiting = self._retired.get(cpu.index)
        if not waiting:
            return count
        return max(1, min(count, waiting[0][0] - cpu.retired))

    def is_due(self, cpu: Cpu) -> bool:
        """An entry waits for the count that this CPU has reached."""
        waiting = self._retired.get(cpu.index, [])
        return bool(waiting) and waiting[0][0] <= cpu.retired

    def between(self, cpu: Cpu) -> None:
        """Between two stretches of a CPU whose registers are loaded."""
        while self.is_due(cpu):
            self._run([self._retired[cpu.index].pop(0)[1]])

    def probed(self, address: int) -> bool:
        """A CPU reached an address. True: something was done."""
        self._reached[address] += 1
        waiting = self._places.get(address, [])
        due = [
            i for i in waiting if self._entries[i].at.number == self._reached[address]
        ]
        for index in due:
            waiting.remove(index)
        self._run(due)
        return bool(due)

    @property
    def waits_for_hits(self) -> bool:
        """Some entry acts after a hit."""
        return bool(self._at[ScriptMoment.hit])

    def hits(self, count: int) -> bool:
        """So many hits have returned by now. True: something was done."""
        if count == self._hits_seen or not self._at[ScriptMoment.hit]:
            return False
        due: list[int] = []
        for number in range(self._hits_seen + 1, count + 1):
            due += self._at[ScriptMoment.hit].pop(number, [])
        self._hits_seen = count
        self._run(due)
        return bool(due)

    def entries_at_stop(self, number: int) -> list[Entry]:
        """What the debugger does at its n-th stop."""
        due = self._at[ScriptMoment.stop].get(number, [])
        return [self._entries[index] for index in due]

    def run_at_stop(self, entry: Entry) -> None:
        """An action other than a packet while the debugger has the machine."""
        self._one(self._entries.index(entry), entry)

    def _run(self, due: list[int]) -> None:
        for index in due:
            self._one(index, self._entries[index])

    def _one(self, index: int, entry: Entry) -> None:
        recorder = self._recorder
        cause = recorder.cause
        seq = recorder.open(EventKind.ACTION, value=index)
        ret = 0
        try:
            self._act(entry)
        except KernelError as error:
            ret = -error.errno
        recorder.close(seq, cause, ret)


class ScriptLine:
    """Plays the packets of the script: emulator.kgdb.serial_stub.Line."""

    def __init__(self, script: ScriptRunner, fill: Callable[[str], str]) -> None:
        """fill(packet): with its {locations} as hexadecimal addresses."""
        self._script = script
        self._fill = fill
        self._entries: list[Entry] = []
        self._acks = 0

    def stopped(self, stop: Stop) -> None:
        """What the script has for the n-th stop."""
        self._entries = self._script.entries_at_stop(stop.number)
        self._acks = 0

    def send(self, data: bytes) -> None:
        """Each reply will be acknowledged."""
        self._acks += data.count(b"$")

    def resumed(self, answer: Answer, *, interrupted: bool) -> None:
        """The script knows what it sent."""

    def receive(self) -> bytes:
        """An acknowledgement that is due, the next packet, in the end c."""
        if self._acks:
            self._acks -= 1
            return b"+"
        while self._entries:
            entry = self._entries.pop(0)
            packet = entry.parameters.get("data")
            if packet is not None:
                return encode(self._fill(packet).encode())
            self._script.run_at_stop(entry)
        return encode(b"c")
