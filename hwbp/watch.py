"""``hwbp watch RUN``: hits as they come, with progress; a live table on a terminal."""

from __future__ import annotations

import bisect
import os
import sys
import time
from collections import deque
from typing import Any, TextIO

from websockets.exceptions import ConnectionClosed

from hwbp.config import Server
from hwbp.errors import Refused, Status, Unreachable
from hwbp.gdb import open_socket
from hwbp.rest import Api
from hwbp.run import OVER, told_end
from hwbp.stream import Hit, Kind, decode
from hwbp.tables import aligned

_ROWS = 16
_DRAW = 0.1
_BAR = 24
_TRIES = 5
_GONE = range(4400, 4500)
_HEAD = ("hit", "time", "cpu", "slot", "at", "address", "value")


class Names:
    """Addresses as symbol+0x…"""

    def __init__(self, symbols: dict[str, str]) -> None:
        table = sorted((int(address, 16), name) for name, address in symbols.items())
        self._addresses = [address for address, _ in table]
        self._names = [name for _, name in table]

    def name(self, address: int) -> str:
        """The nearest symbol before it, if it is near."""
        at = bisect.bisect_right(self._addresses, address) - 1
        if at < 0 or address - self._addresses[at] >= 0x1000:
            return f"{address:#x}"
        offset = address - self._addresses[at]
        return self._names[at] + (f"+{offset:#x}" if offset else "")


class Screen:
    """Where it is shown: redrawn on a terminal, line by line elsewhere."""

    def __init__(self, out: TextIO, names: Names, limits: dict[str, int]) -> None:
        self._out = out
        self._names = names
        self._limits = limits
        self._live = out.isatty()
        self._hits: deque[Hit] = deque(maxlen=_ROWS)
        self._state: dict[str, Any] = {}
        self._drawn = 0
        self._last = 0.0
        if not self._live:
            out.write("\t".join(_HEAD) + "\n")

    def hits(self, found: list[Hit]) -> None:
        """New hits."""
        self._hits.extend(found)
        if not self._live:
            for hit in found:
                self._out.write("\t".join(self._row(hit)) + "\n")
            self._out.flush()

    def state(self, state: dict[str, Any]) -> None:
        """How the run stands."""
        self._state = state

    def gap(self, count: int) -> None:
        """Events that are not shown."""
        self._say(f"{count} events were not sent; hwbp events has them")

    def reset(self) -> None:
        """The run began anew."""
        self._hits.clear()
        self._say("the run began anew")

    def draw(self, *, at_once: bool = False) -> None:
        """On a terminal: the table as it is now, a few times a second."""
        if not self._live or (not at_once and time.monotonic() - self._last < _DRAW):
            return
        self._last = time.monotonic()
        lines = [*self._progress(), *self._table()]
        up = f"\x1b[{self._drawn}F" if self._drawn else ""
        width = os.get_terminal_size(self._out.fileno()).columns
        text = "".join(f"\x1b[2K{line[:width]}\n" for line in lines)
        self._out.write(up + text + "\x1b[J")
        self._out.flush()
        self._drawn = len(lines)

    def _say(self, text: str) -> None:
        if not self._live:
            self._out.write(f"# {text}\n")

    def _row(self, hit: Hit) -> list[str]:
        slot = "-" if hit.slot is None else str(hit.slot)
        where, place = self._names.name(hit.rip), self._names.name(hit.addr)
        place_and_value = [place, f"{hit.value:#x}"]
        return [
            str(hit.number),
            str(hit.retired),
            str(hit.cpu),
            slot,
            where,
            *place_and_value,
        ]

    def _table(self) -> list[str]:
        return aligned([_HEAD, *map(self._row, self._hits)]).splitlines()

    def _progress(self) -> list[str]:
        state = self._state
        words = str(state.get("outcome") or state.get("state") or "connecting")
        debugger = state.get("debugger") or {}
        if debugger:
            words += f", {debugger['state']} by {debugger['who']}"
        lines = [f"{words}; {state.get('hits', 0)} hits"]
        for name, key in (("events", "events"), ("retired", "instructions")):
            done, whole = int(state.get(name, 0)), self._limits.get(key, 0)
            full = min(_BAR, _BAR * done // whole) if whole else 0
            bar = "#" * full + "." * (_BAR - full)
            lines.append(f"{key:>12} {bar} {done} of {whole}")
        return lines


class Watcher:
    """Follows a run to its end, through lost connections."""

    def __init__(self, api: Api, run_id: str, screen: Screen) -> None:
        self._server: Server = api.server
        self._run_id = run_id
        self._screen = screen
        self._epoch = self._seq = 0
        self._over = False

    def follow(self) -> None:
        """Raises Refused, Unreachable."""
        tries = 0
        while not self._over:
            before = self._seq
            try:
                self._connected()
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 0
                if code in _GONE:
                    words = "there is no such run, or it is not yours"
                    raise Refused(code, {"detail": words}) from None
            tries = 0 if self._seq > before else tries + 1
            if tries > _TRIES:
                raise Unreachable("the connection was lost again and again")
            if not self._over:
                time.sleep(0.2 * tries)

    def _connected(self) -> None:
        place = f"{self._server.socket_url}/ws/runs/{self._run_id}/"
        url = f"{place}?after={self._epoch}:{self._seq}"
        with open_socket(self._server, url) as socket:
            while not self._over:
                try:
                    data = socket.recv(timeout=_DRAW)
                except TimeoutError:
                    self._screen.draw()
                    continue
                if isinstance(data, bytes):
                    self._take(data)
                self._screen.draw()

    def _take(self, data: bytes) -> None:
        frame = decode(data)
        if frame.kind not in set(Kind):
            return  # of a later version, or not for a terminal
        self._epoch = frame.epoch
        if frame.kind == Kind.RECORDS:
            self._screen.hits([hit for hit in frame.hits() if hit.seq > self._seq])
            self._seq = max(self._seq, frame.last_seq)
        elif frame.kind == Kind.GAP:
            self._screen.gap(frame.count)
            self._seq = max(self._seq, frame.last_seq)
        elif frame.kind == Kind.RESET:
            self._seq = 0
            self._screen.reset()
        elif frame.kind == Kind.STATE:
            state = frame.state()
            self._screen.state(state)
            self._over = state["state"] in OVER


def watch(api: Api, run_id: str) -> Status:
    """Until the run is over; NO when it did not finish."""
    run = api.get(f"runs/{run_id}/")
    limits = api.get(f"recipes/{run['recipe']}/")["limits"]
    names = Names(api.get(f"runs/{run_id}/symbols/")["symbols"])
    screen = Screen(sys.stdout, names, limits)
    Watcher(api, run_id, screen).follow()
    screen.draw(at_once=True)
    ended = api.get(f"runs/{run_id}/")
    if ended["digest"]:
        sys.stderr.write(f"hwbp: digest {ended['digest']}\n")
    return told_end(ended)
