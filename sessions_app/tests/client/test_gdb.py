"""gdb's ``target remote | hwbp gdb RUN`` against a running service."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from sessions_app.tests.browser.rest import Api
from sessions_app.tests.client.conftest import Client
from sessions_app.tests.client.gdb import GDB, gdb, gdb_command, needs_gdb
from sessions_app.tests.debugger.desk import until
from sessions_app.tests.debugger.programs import COUNTED, ENDLESS

pytestmark = [needs_gdb, pytest.mark.processes]
WATCH = {"type": "write", "length": 4, "at": "counter"}


class Program:
    """A program on the server, to be run held."""

    def __init__(self, api: Api, source: str) -> None:
        image = api.post("images/", {"assembly": source})
        self.symbols: dict[str, str] = image["symbols"]
        self._api = api
        self._session = api.session("debugged")
        self._recipe = api.recipe(
            image["sha256"], breakpoints=[WATCH], instructions=100_000_000_000
        )

    def run(self, paused: bool = True) -> str:
        """The id of a new run."""
        body = {"session": self._session, "recipe": self._recipe, "paused": paused}
        return str(self._api.post("runs/", body)["id"])


@pytest.fixture(scope="module")
def counted(api: Api) -> Program:
    return Program(api, COUNTED)


@pytest.fixture(scope="module")
def endless(api: Api) -> Program:
    return Program(api, ENDLESS)


def controller(api: Api, run: str) -> str:
    return str(api.state(run)["debugger"].get("who", ""))


def test_gdb_reaches_a_run_through_the_web_port(
    hwbp: Client, api: Api, counted: Program
) -> None:
    again = counted.symbols["again"]

    told = gdb(
        hwbp,
        counted.run(),
        f"hbreak *{again}",
        "continue",
        'printf "at %#lx, %d left\\n", $rip, $rcx',
    )

    assert f"at {int(again, 16):#x}, 1000 left" in told, told


def test_gdb_may_come_while_the_run_is_still_queued(
    hwbp: Client, counted: Program
) -> None:
    told = gdb(hwbp, counted.run(), 'printf "%d retired\\n", 0', "info threads")

    assert "on CPU 0" in told, told


def test_a_run_goes_on_when_gdb_has_left(
    hwbp: Client, api: Api, counted: Program
) -> None:
    run = counted.run()
    gdb(hwbp, run, f"watch *(int*){counted.symbols['counter']}", "continue", "detach")

    assert api.end(run)["outcome"] == "completed"


def test_the_end_of_the_program_is_told_to_gdb(hwbp: Client, counted: Program) -> None:
    told = gdb(hwbp, counted.run(), "continue")

    assert "exited" in told, told


def test_the_second_gdb_is_refused_with_a_reason(
    hwbp: Client, api: Api, endless: Program
) -> None:
    run = endless.run()
    target = f"target remote | {hwbp.pipe('gdb', run)}"
    first = subprocess.Popen(
        gdb_command(target, "shell sleep 60"),
        env=hwbp.environ,
        cwd=hwbp.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert until(lambda: controller(api, run), 50)

        # By itself: gdb may go before it has shown what its pipe said last.
        done = hwbp("gdb", run)

        assert "owner (gdb) controls this run" in done.stderr, done
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        api.post(f"runs/{run}/cancel/")


def test_a_gdb_that_is_killed_lets_the_machine_go(
    hwbp: Client, api: Api, counted: Program
) -> None:
    run = counted.run()
    target = f"target remote | {hwbp.pipe('gdb', run)}"
    killed = subprocess.Popen(
        gdb_command(target, "shell sleep 60"),
        env=hwbp.environ,
        cwd=hwbp.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert until(lambda: controller(api, run), 20)

    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()

    assert api.end(run)["outcome"] == "completed"


def test_what_gdb_did_is_played_back_with_the_same_digest(
    hwbp: Client, api: Api, counted: Program
) -> None:
    run, counter = counted.run(), counted.symbols["counter"]
    gdb(
        hwbp,
        run,
        f"watch *(int*){counter}",
        "continue",
        "continue",
        f"set var *(int*){counter} = 500",
        "delete",
        "stepi",
        "set $rbx = 7",
        "detach",
    )
    digest = api.end(run)["digest"]

    again = api.post(f"runs/{run}/replay/")["id"]

    assert api.end(again)["digest"] == digest
    alone = api.end(counted.run(paused=False))
    assert alone["digest"] != digest


def test_the_faithful_face_is_the_kernels_own(hwbp: Client, api: Api) -> None:
    session = api.post("scenarios/perf-eats-kgdb/run/", {"paused": True})["id"]
    run = api.get(f"sessions/{session}/runs/")["results"][0]["id"]
    target = f"target remote | {hwbp.pipe('gdb', run, '--faithful')}"

    done = subprocess.run(
        gdb_command(target, "info threads", "maintenance packet qC"),
        env=hwbp.environ,
        cwd=hwbp.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )

    # kgdb answers qC with QC and the thread, and knows its CPUs as shadow threads.
    assert "shadowCPU0" in done.stdout, done.stdout + done.stderr


def test_a_run_without_kgdb_has_no_faithful_face(
    hwbp: Client, api: Api, endless: Program
) -> None:
    run = endless.run()

    done = hwbp("gdb", run, "--faithful")
    api.post(f"runs/{run}/cancel/")

    assert (done.returncode, "no kgdb" in done.stderr) == (4, True), done


def test_a_run_that_is_over_is_refused(
    hwbp: Client, api: Api, counted: Program
) -> None:
    run = counted.run(paused=False)
    api.end(run)

    done = hwbp("gdb", run)

    assert (done.returncode, "is over" in done.stderr) == (4, True)


def test_gdb_over_the_loopback_port(hwbp: Client, api: Api, counted: Program) -> None:
    run = counted.run()
    api.until(run, lambda state: state["state"] == "paused")
    place = api.ask("POST", f"runs/{run}/listen/", b"{}", "application/json").body
    done = subprocess.run(
        gdb_command(
            f"target remote {place['host']}:{place['port']}",
            f"hbreak *{counted.symbols['again']}",
            "continue",
            "info registers rip",
        ),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert counted.symbols["again"] in done.stdout, done.stdout + done.stderr


def test_ctrl_c_in_gdb_stops_the_machine(
    hwbp: Client, api: Api, endless: Program
) -> None:
    run = endless.run()
    target = f"target remote | {hwbp.pipe('gdb', run)}"
    process = subprocess.Popen(
        [GDB, "-nx", "-q", "-ex", "set confirm off", "-ex", target, "-ex", "continue"],
        env=hwbp.environ,
        cwd=hwbp.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert until(lambda: api.state(run)["debugger"].get("state") == "running", 20)
    time.sleep(0.3)

    process.send_signal(signal.SIGINT)
    told, _ = process.communicate("info registers rip\nquit\n", timeout=30)
    api.post(f"runs/{run}/cancel/")

    assert "SIGINT" in told, told
