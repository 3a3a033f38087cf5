"""The supervisor with programs that do nothing but die."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hwbpweb.supervisor import FIRST_DELAY, Program, Supervisor
from hwbpweb.tests.processes import is_alive, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
_SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
_IGNORE = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
]


class Run:
    """A supervisor under test, without its signal handlers."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.supervisor = Supervisor(folder, self.said.append)

    def start(self, command: list[str], **options: object) -> Program:
        program = Program("program", command, dict(os.environ), **options)
        self.supervisor.start(program)
        return program

    def watch(self, program: Program) -> None:
        self.supervisor._look_after(program)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path / "folder")
    yield made
    made.supervisor.end()


def pid(program: Program) -> int:
    assert program.process is not None
    return program.process.pid


def test_a_dead_program_is_started_again_after_a_pause(run: Run) -> None:
    program = run.start(_SLEEP)
    first = pid(program)
    os.kill(first, signal.SIGKILL)
    assert wait_for(lambda: not program.is_running)

    run.watch(program)
    assert program.process is None
    time.sleep(FIRST_DELAY)
    run.watch(program)

    assert pid(program) != first


def test_the_pause_grows_with_each_death(run: Run) -> None:
    program = run.start([sys.executable, "-c", "pass"])
    delays = []
    for _ in range(3):
        assert wait_for(lambda: not program.is_running)
        delays.append(program.delay)
        run.watch(program)
        program.start_at = 0.0
        run.watch(program)

    assert delays == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY]


def test_a_program_that_settled_has_its_first_pause_again(run: Run) -> None:
    program = run.start([sys.executable, "-c", "pass"])
    program.delay = 16.0
    program.started -= 60
    assert wait_for(lambda: not program.is_running)

    run.watch(program)

    assert program.delay == 2 * FIRST_DELAY


def test_the_death_is_said_with_its_reason(run: Run) -> None:
    program = run.start(_SLEEP)
    os.kill(pid(program), signal.SIGSEGV)
    assert wait_for(lambda: not program.is_running)

    run.watch(program)

    assert run.said == ["program ended (signal 11); starting again in 0.5 s."]


def test_what_a_dead_leader_left_is_ended(run: Run, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    fork = (
        "import os, time\n"
        "child = os.fork()\n"
        f"child or time.sleep(60)\nopen({str(note)!r}, 'w').write(str(child))\n"
        "time.sleep(60)"
    )
    program = run.start([sys.executable, "-W", "ignore", "-c", fork])
    assert wait_for(lambda: note.exists() and note.read_text())
    orphan = int(note.read_text())
    os.kill(pid(program), signal.SIGKILL)
    assert wait_for(lambda: not program.is_running)

    run.watch(program)

    assert wait_for(lambda: not is_alive(orphan))


def test_a_program_that_does_not_obey_is_killed(tmp_path: Path) -> None:
    run = Run(tmp_path / "folder")
    program = run.start(_IGNORE, stop_seconds=0.3)
    process = pid(program)
    time.sleep(0.3)

    run.supervisor.end()

    assert not is_alive(process)


def test_the_last_program_ends_last(tmp_path: Path) -> None:
    run = Run(tmp_path / "folder")
    order = tmp_path / "order"
    note = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(order)!r}, 'a').write(sys.argv[1]); sys.exit()\n"
        "signal.signal(15, end)\n"
        f"open({str(order)!r}, 'a').write('.')\n"
        "time.sleep(60)"
    )
    run.start([sys.executable, "-W", "ignore", "-c", note, "server"], last=True)
    run.start([sys.executable, "-W", "ignore", "-c", note, "web "])
    assert wait_for(lambda: order.exists() and order.read_text() == "..")

    run.supervisor.end()

    assert order.read_text() == "..web server"
