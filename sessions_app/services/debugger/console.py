"""A small debugger inside the worker, for those who control a run over REST or the page.

It attaches like every other one and speaks the same protocol, so that what it does is in
the same log.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from typing import Any

from hwbp import rsp_talks
from hwbp.rsp import Broken, Outcome, Session, Stop, Talk
from hwbp.rsp_talks import Point, Register
from sessions_app.debug_wire import CloseCode
from sessions_app.services.debugger.clients import Caller, Reply

_POINTS = {
    "break": Point.BREAK,
    "watch": Point.WATCH,
    "rwatch": Point.RWATCH,
    "awatch": Point.AWATCH,
}


def refusal(code: str, detail: str, **where: Any) -> dict[str, Any]:
    """An answer that says why not; where: field, value, allowed."""
    return {"ok": False, "code": code, "detail": detail, **where}


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """One that this console set."""

    number: int
    kind: str
    address: int
    length: int
    place: str

    def to_json(self) -> dict[str, Any]:
        """For answers and for everybody."""
        return asdict(self) | {"address": f"{self.address:#x}"}


def _nothing() -> Talk:
    """A conversation without a word: after those before it."""
    yield from ()


class Console:
    """clients.Client that answers requests."""

    line = None

    def __init__(
        self,
        caller: Caller,
        say: Callable[[bytes], None],
        changed: Callable[[], None],
        facts: Callable[[], dict[str, Any]],
    ) -> None:
        """say: bytes to the stub. changed: facts() has something new. facts: how the
        run's debugger stands, for answers."""
        self.caller = caller
        self._say = say
        self._changed = changed
        self._debugger = facts
        self._session = Session(self._stopped)
        self._registers: tuple[Register, ...] = ()
        self._breakpoints: dict[int, Breakpoint] = {}
        self._numbered = 0
        self._stop = Stop()
        self._waiting: list[Reply] = []
        """Those who want to hear of the next stop."""

    # clients.Client

    def data(self, data: bytes) -> bool:
        """Bytes of the stub."""
        try:
            self._session.feed(data)
        except Broken:
            return False
        self._flush()
        return True

    def facts(self) -> dict[str, Any]:
        """Breakpoints; of gdb's nobody knows."""
        return {"breakpoints": [b.to_json() for b in self._breakpoints.values()]}

    def told(self, facts: dict[str, Any]) -> None:
        """Known from the answers already."""

    def gone(self) -> None:
        """It never goes by itself."""

    def end(self, code: CloseCode, reason: str) -> None:
        """Whoever still waits is told."""
        for reply in self._take_waiting():
            reply(refusal("not_attached", reason))
        self._session.close(reason)

    # Requests.

    def begin(self) -> None:
        """Say hello; requests may follow at once."""

        def greeted(outcome: Outcome) -> None:
            if outcome.error is None:
                self._stop = outcome.value

        def described(outcome: Outcome) -> None:
            if outcome.error is None:
                self._registers = outcome.value

        self._session.begin(rsp_talks.handshake(self._session), greeted)
        self._session.begin(rsp_talks.describe(), described)
        self._flush()

    def ask(self, request: dict[str, Any], reply: Reply) -> None:
        """One command of docs/debugging.md, checked for its form by the one who sent
        it."""
        do = str(request["do"])
        if do == "interrupt":
            self._interrupt(reply)
        elif self._session.running and do != "attach":
            detail = "the machine runs; interrupt it first"
            reply(refusal("not_stopped", detail, field="do", value=do))
        else:
            self._later(reply, lambda: self._do(do, request, reply))
        self._flush()

    def _later(self, reply: Reply, act: Callable[[], None]) -> None:
        """After all that was asked before, if the connection lasts."""

        def due(outcome: Outcome) -> None:
            if outcome.error is not None:
                reply(refusal("not_attached", str(outcome.error)))
            else:
                act()

        self._session.begin(_nothing(), due)

    def _do(self, do: str, request: dict[str, Any], reply: Reply) -> None:
        if do == "attach":
            self._answer(reply, {"stop": self._stop.words})
        elif do in ("continue", "step"):
            self._resume(do, request, reply)
        elif do in _POINTS:
            self._insert(do, request, reply)
        elif do == "delete":
            self._delete(int(request["breakpoint"]), reply)
        elif do == "threads":
            self._talk(reply, rsp_talks.threads(), _threads_json)
        elif do == "read_registers":
            self._read_registers(request, reply)
        elif do == "write_registers":
            self._write_registers(request, reply)
        else:
            self._memory(do, request, reply)

    def _talk(
        self, reply: Reply, talk: Talk, result: Callable[[Any], dict[str, Any]]
    ) -> None:
        def done(outcome: Outcome) -> None:
            if outcome.error is not None:
                reply(refusal("debugger_refused", str(outcome.error)))
            else:
                self._answer(reply, result(outcome.value))

        self._session.begin(talk, done)

    def _answer(self, reply: Reply, result: dict[str, Any], **facts: str) -> None:
        """facts: what the child will say as soon as it is there."""
        debugger = self._debugger() | facts
        reply({"ok": True, "result": result, "debugger": debugger})

    # Running.

    def _resume(self, do: str, request: dict[str, Any], reply: Reply) -> None:
        thread = request.get("thread")
        if do == "step":
            stepped = self._stop.thread if thread is None else int(thread)
            packet = rsp_talks.step_packet(stepped)
        else:
            packet = rsp_talks.continue_packet()
        self._session.resume(packet)
        if request.get("wait"):
            self._waiting.append(reply)
        else:
            self._answer(reply, {}, state="running", reason="")

    def _interrupt(self, reply: Reply) -> None:
        if not self._session.running:
            self._later(reply, lambda: self._answer(reply, {"stop": self._stop.words}))
            return
        self._waiting.append(reply)
        self._session.interrupt()

    def _stopped(self, stop: Stop) -> None:
        self._stop = stop
        for reply in self._take_waiting():
            self._answer(reply, {"stop": stop.words, "thread": stop.thread})

    def _take_waiting(self) -> list[Reply]:
        waiting, self._waiting = self._waiting, []
        return waiting

    # Breakpoints.

    def _insert(self, do: str, request: dict[str, Any], reply: Reply) -> None:
        address, length = int(request["address"]), int(request["length"])

        def result(_: Any) -> dict[str, Any]:
            self._numbered += 1
            place = str(request.get("place") or f"{address:#x}")
            made = Breakpoint(self._numbered, do, address, length, place)
            self._breakpoints[made.number] = made
            self._changed()
            return {"breakpoint": made.to_json()}

        self._talk(reply, rsp_talks.insert(_POINTS[do], address, length), result)

    def _delete(self, number: int, reply: Reply) -> None:
        found = self._breakpoints.get(number)
        if found is None:
            reply(
                refusal(
                    "no_breakpoint",
                    f"there is no breakpoint {number}",
                    field="breakpoint",
                    value=number,
                    allowed=", ".join(map(str, self._breakpoints)) or "none is set",
                )
            )
            return

        def result(_: Any) -> dict[str, Any]:
            del self._breakpoints[number]
            self._changed()
            return {}

        kind = _POINTS[found.kind]
        talk = rsp_talks.remove(kind, found.address, found.length)
        self._talk(reply, talk, result)

    # Registers and memory.

    def _read_registers(self, request: dict[str, Any], reply: Reply) -> None:
        names = request.get("names")
        if names is not None and not self._known(names, "names", reply):
            return
        talk = rsp_talks.read_registers(
            self._registers, names, thread=request.get("thread")
        )
        self._talk(reply, talk, _registers_json)

    def _write_registers(self, request: dict[str, Any], reply: Reply) -> None:
        values = {name: int(value) for name, value in request["registers"].items()}
        if not self._known(values, "registers", reply):
            return
        described = {r.name: r for r in self._registers}
        for name, value in values.items():
            bits = described[name].bits
            if value >> bits:
                where = {"field": f"registers.{name}", "value": f"{value:#x}"}
                allowed = f"at most {bits} bits"
                reply(
                    refusal(
                        "too_wide", f"{name} has {bits} bits", **where, allowed=allowed
                    )
                )
                return
        talk = rsp_talks.write_registers(described, values, request.get("thread"))
        self._talk(reply, talk, lambda _: {})

    def _known(self, names: Any, field: str, reply: Reply) -> bool:
        every = [r.name for r in self._registers]
        unknown = [name for name in names if name not in every]
        if unknown:
            where = {"field": field, "value": unknown[0], "allowed": ", ".join(every)}
            reply(refusal("no_register", f"no register {unknown[0]}", **where))
        return not unknown

    def _memory(self, do: str, request: dict[str, Any], reply: Reply) -> None:
        address, thread = int(request["address"]), request.get("thread")
        if do == "read_memory":
            talk: Generator[bytes, bytes, Any] = rsp_talks.read_memory(
                address, int(request["length"]), thread
            )
            self._talk(
                reply, talk, lambda d: {"address": f"{address:#x}", "data": d.hex()}
            )
        else:
            data = bytes.fromhex(request["data"])
            talk = rsp_talks.write_memory(address, data, thread)
            self._talk(reply, talk, lambda _: {})

    def _flush(self) -> None:
        data = self._session.take_output()
        if data:
            self._say(data)


def _threads_json(found: tuple[rsp_talks.Thread, ...]) -> dict[str, Any]:
    return {"threads": [asdict(thread) for thread in found]}


def _registers_json(values: dict[str, int | None]) -> dict[str, Any]:
    return {
        "registers": {
            name: None if value is None else f"{value:#x}"
            for name, value in values.items()
        }
    }
