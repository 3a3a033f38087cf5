"""Which of those who connect has the socket that comes along."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from hwbp.rsp import frame
from sessions_app.runner import close_frame, open_frame
from sessions_app.runner.child import CHILD, MARGIN, Child, ChildLimits
from sessions_app.runner.execute import _opening
from sessions_app.tests.debugger.programs import ENDLESS, job_of

pytestmark = pytest.mark.processes


@pytest.fixture
def child() -> Iterator[Child]:
    """One that runs."""
    job = job_of(ENDLESS)
    made = Child(CHILD, ChildLimits(address_space=job.memory + MARGIN))
    made.start()
    made.send(_opening(job))
    while not made.read(10):
        pass
    yield made
    made.close()


def test_it_is_the_one_that_it_was_sent_with(child: Child) -> None:
    """Frames that wait together are read together, and the socket with the first."""
    gdb, line = socket.socketpair()
    gdb.settimeout(10)
    gdb.sendall(frame(b"QStartNoAckMode"))
    os.kill(child.pid, signal.SIGSTOP)
    child.send(open_frame("alice", "full"))
    child.send(close_frame())
    child.send(open_frame("bob", "full", line=True), line)
    os.kill(child.pid, signal.SIGCONT)

    with gdb:
        assert gdb.recv(100).startswith(b"+$OK")
