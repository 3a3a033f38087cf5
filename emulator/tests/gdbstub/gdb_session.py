"""The real gdb against a stub, over a socket of this machine."""

from __future__ import annotations

import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from emulator.gdbstub.actions import Action, Detach, HangUp, Kill, Resume, StopReason
from emulator.gdbstub.stub import Direction, Exchange, Face, Packet, Stub
from emulator.tests.gdbstub.toy_machine import ToyMachine

GDB = shutil.which("gdb")
_CHUNK = 65536
_SECONDS = 60


@dataclass
class Server:
    """Serves one client after the other in a thread of its own."""

    machine: ToyMachine
    stub: Stub
    listener: socket.socket
    packets: list[Packet] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def asked(self, start: bytes = b"") -> list[bytes]:
        """Packets of gdb that begin so."""
        return [
            p.data
            for p in self.packets
            if p.direction is Direction.IN and p.data.startswith(start)
        ]

    def running_commands(self) -> int:
        """How often gdb let the machine run."""
        return sum(isinstance(action, Resume) for action in self.actions)

    def serve(self) -> None:
        """Until the listener is closed."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(_SECONDS)
                self._serve_one(client)

    def _serve_one(self, client: socket.socket) -> None:
        self.stub.connect()
        if self.stub.running:
            self.stub.stopped(StopReason())
        while data := client.recv(_CHUNK):
            if not self._do(self.stub.feed(data), client):
                break
        self._note(self.stub.disconnect())

    def _do(self, exchange: Exchange, client: socket.socket) -> bool:
        """Carry out; whether the connection goes on."""
        self._note(exchange)
        client.sendall(exchange.output)
        for action in exchange.actions:
            if isinstance(action, Kill | HangUp | Detach):
                return False
            if isinstance(action, Resume):
                reason = self.machine.run(action, lambda: self._interrupted(client))
                return self._do(self.stub.stopped(reason), client)
        return True

    def _interrupted(self, client: socket.socket) -> bool:
        readable, _, _ = select.select([client], [], [], 0)
        if not readable:
            return False
        data = client.recv(_CHUNK)
        return not data or bool(self.stub.feed(data).actions)

    def _note(self, exchange: Exchange) -> None:
        self.packets += exchange.packets
        self.actions += exchange.actions


@contextmanager
def serving(face: Face, machine: ToyMachine) -> Iterator[Server]:
    """A server for this face of the machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(machine, Stub(face), listener)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            # Wakes the thread up: closing alone does not.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(_SECONDS)


def gdb(server: Server, *commands: str, before: tuple[str, ...] = ()) -> str:
    """What gdb prints for these commands after it has connected."""
    process = started(server, *commands, before=before)
    try:
        output, _ = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        raise AssertionError(output) from None
    return output


def started(
    server: Server, *commands: str, before: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """A gdb at work; before comes before it connects."""
    assert GDB
    lines = [
        "set debuginfod enabled off",
        "set confirm off",
        "set width 0",
        "set pagination off",
        "set remotetimeout 30",
        *before,
        f"target remote 127.0.0.1:{server.port}",
        *commands,
    ]
    return subprocess.Popen(
        [GDB, "-nx", "-batch", *(f"-ex={line}" for line in lines)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
