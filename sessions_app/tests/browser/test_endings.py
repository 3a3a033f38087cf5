"""Runs that are held, cancelled, stopped by a limit, or whose process dies: named ends."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from hwbpweb.tests.processes import Service, wait_for
from sessions_app.tests.browser.rest import Api, Json

pytestmark = [
    pytest.mark.processes,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc"),
]

LOOP = """\
\t.globl\t_start
_start:
\tmov\t${rounds}, %rcx
again:
\tdec\t%rcx
\tjnz\tagain
\tmov\t$60, %eax
\txor\t%edi, %edi
\tsyscall
"""
ENDLESS = LOOP.replace("{rounds}", "0x7fffffffffff")
ENOUGH = 100_000_000_000


@pytest.fixture(scope="module")
def endless(api: Api) -> str:
    """A recipe of a loop that meets no breakpoint."""
    return api.assembled(ENDLESS, instructions=ENOUGH)


def in_the_loop(api: Api, recipe: str) -> str:
    """A run that retires instructions; its id."""
    run = api.run(recipe)
    api.until(run, lambda state: state["state"] == "running")
    time.sleep(0.5)
    return run


def children(service: Service) -> list[int]:
    """Emulating processes: they have an empty environment, but a worker as parent."""
    workers = service.processes()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"emulator.child" in command and parent in workers:
            found.append(int(entry.name))
    return found


def test_a_paused_run_retires_nothing(api: Api, endless: str) -> None:
    run = in_the_loop(api, endless)
    api.post(f"runs/{run}/pause/")
    held = api.until(run, lambda state: state["state"] == "paused", 10)
    time.sleep(0.5)

    assert api.state(run)["retired"] == held["retired"]
    api.post(f"runs/{run}/cancel/")


def test_pausing_changes_no_digest(api: Api) -> None:
    recipe = api.assembled(LOOP.replace("{rounds}", "60000000"), instructions=ENOUGH)
    undisturbed = api.end(api.run(recipe))
    run = in_the_loop(api, recipe)
    api.post(f"runs/{run}/pause/")
    api.until(run, lambda state: state["state"] == "paused", 10)
    api.post(f"runs/{run}/resume/")

    end = api.end(run)

    assert end["outcome"] == undisturbed["outcome"] == "completed"
    assert end["digest"] == undisturbed["digest"] != ""


def test_cancel_ends_a_tight_loop(api: Api, endless: str) -> None:
    run = in_the_loop(api, endless)
    api.post(f"runs/{run}/cancel/")

    end = api.end(run, 30)

    assert (end["state"], end["outcome"]) == ("cancelled", "cancelled")


def test_the_wall_limit_is_a_named_end_without_digest(api: Api) -> None:
    recipe = api.assembled(ENDLESS, instructions=ENOUGH, wall_ms=700)

    end = api.end(api.run(recipe), 20)

    assert (end["state"], end["outcome"]) == ("finished", "wall_limit")
    assert "700 ms" in end["detail"]
    assert not end["digest"]


def test_an_execute_breakpoint_without_rf_is_a_livelock(api: Api) -> None:
    session = api.post("scenarios/execute-without-rf/run/")["id"]
    run = api.get(f"sessions/{session}/runs/")["results"][0]["id"]

    end = api.end(run)

    assert (end["state"], end["outcome"]) == ("finished", "livelock")
    assert len(end["digest"]) == 64


def end_of_a_killed_child(api: Api, service: Service, number: int, run: str) -> Json:
    assert wait_for(lambda: len(children(service)) == 1), children(service)
    os.kill(children(service)[0], number)
    return api.end(run, 20)


@pytest.mark.parametrize(
    ("number", "outcome", "word"),
    [(signal.SIGKILL, "killed", "killed"), (signal.SIGSEGV, "crashed", "SIGSEGV")],
)
def test_a_child_that_dies_is_a_named_end_and_the_worker_lives(
    api: Api, service: Service, endless: str, number: int, outcome: str, word: str
) -> None:
    assert wait_for(lambda: not children(service))  # of runs that were cancelled
    worker = service.pid_of("--queues runs")
    run = in_the_loop(api, endless)

    end = end_of_a_killed_child(api, service, number, run)

    assert (end["state"], end["outcome"]) == ("failed", outcome)
    assert word in end["detail"]
    next_run = api.end(api.run(api.assembled(LOOP.replace("{rounds}", "10"))))
    assert next_run["outcome"] == "completed"
    assert service.pid_of("--queues runs") == worker
