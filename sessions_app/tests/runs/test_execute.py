"""The parent's side of the child: every way to end has a name, nothing stays behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from emulator.scenarios import load
from sessions_app.errors import JobFailed
from sessions_app.runner import (
    Batch,
    Control,
    Job,
    RunEnd,
    execute,
    program_job,
)
from sessions_app.runner.child import MARGIN

ROGUE = (sys.executable, "-s", "-m", "sessions_app.tests.runs.rogue_child")
TIGHT_LOOP = "_start:\n    jmp _start\n.data\nunused: .quad 0\n"
COUNTING = """
_start:
    mov $3000, %ecx
again:
    addl $1, counter(%rip)
    loop again
    mov $60, %eax
    xor %edi, %edi
    syscall
.data
counter: .quad 0
"""


class Log:
    """A listener that remembers; may act when a state comes."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.states: list[str] = []
        self.on = {}

    def on_batch(self, batch: Batch) -> None:
        self.batches.append(batch)

    def on_state(self, state: str, retired: int) -> None:
        if self.states[-1:] != [state]:
            self.states.append(state)
            self.on.pop(state, lambda: None)()

    def on_idle(self) -> None:
        return


def job(wall_ms: int = 10_000) -> Job:
    return Job(recipe=b"{}", images={}, memory=32 << 20, wall_ms=wall_ms)


def scenario_job(name: str, **limits: int) -> Job:
    scenario = load(name)
    body = scenario.recipe.to_json()
    body["limits"] |= limits
    return Job(
        json.dumps(body).encode(),
        scenario.images,
        scenario.recipe.limits.memory,
        body["limits"]["wall_ms"],
    )


def assembled_job(source: str, *, watch: str = "", wall_ms: int = 60_000) -> Job:
    """A program with a write watchpoint on a symbol, or without one."""
    answer, image = program_job({"job": "assemble", "source": source}, b"")
    sha256 = str(answer["sha256"])
    place = {"owner": "perf_user", "task": "main", "type": "write", "length": 4}
    body = {
        "format": 1,
        "machine": {"cpus": 1, "memory": 32 << 20},
        "images": [{"name": "program", "sha256": sha256, "format": "elf64"}],
        "tasks": [{"name": "main", "image": "program"}],
        "breakpoints": [place | {"at": watch}] if watch else [],
        "limits": {
            "instructions": 100_000_000_000,
            "events": 1_000_000,
            "memory": 64 << 20,
            "wall_ms": wall_ms,
            "output": 1000,
        },
    }
    return Job(json.dumps(body).encode(), {sha256: image}, 64 << 20, wall_ms)


def endless_job(wall_ms: int = 60_000) -> Job:
    """A guest loop without an event."""
    return assembled_job(TIGHT_LOOP, wall_ms=wall_ms)


def rogue(word: str, wall_ms: int = 10_000, control: Control | None = None) -> RunEnd:
    return execute(job(wall_ms), Log(), control or Control(), (*ROGUE, word))


def test_a_scenario_runs_to_its_end() -> None:
    log = Log()

    end = execute(scenario_job("watched-counter"), log, Control())

    assert end.outcome == "completed"
    assert sum(len(b.records) for b in log.batches) == 64 * end.events
    assert len(end.digest) == 64


def test_the_same_job_has_one_digest() -> None:
    ends = [execute(scenario_job("two-cpus-race"), Log(), Control()) for _ in range(2)]

    assert ends[0] == ends[1]


def test_a_refused_recipe_names_its_field() -> None:
    end = rogue("refuse")

    assert (end.outcome, end.detail) == ("recipe_error", "limits.events: too long")


def test_the_real_child_refuses_a_broken_recipe() -> None:
    end = execute(job(), Log(), Control())

    assert end.outcome == "recipe_error"


def test_a_segmentation_fault_is_a_named_outcome() -> None:
    end = rogue("segfault")

    assert (end.outcome, end.events) == ("crashed", 1)
    assert "SIGSEGV" in end.detail


def test_a_kill_from_outside_is_a_named_outcome() -> None:
    assert rogue("kill_itself").outcome == "killed"


def test_leaving_without_an_end_is_a_crash() -> None:
    end = rogue("leave")

    assert (end.outcome, "status 7" in end.detail) == ("crashed", True)


@pytest.mark.parametrize(
    "word",
    ["garbage", "skip", "incomplete", "wrong_direction", "mislog", "log_nonsense"],
)
def test_a_broken_protocol_is_a_crash(word: str) -> None:
    end = rogue(word)

    assert (end.outcome, "protocol" in end.detail) == ("crashed", True)


def test_the_wall_limit_ends_a_child_that_does_not_listen() -> None:
    assert rogue("spin", wall_ms=300).outcome == "wall_limit"


def test_the_wall_limit_ends_a_tight_guest_loop() -> None:
    end = execute(endless_job(wall_ms=500), Log(), Control())

    assert (end.outcome, end.digest) == ("wall_limit", "")


def test_a_wall_limit_shorter_than_the_start_is_obeyed_not_enforced() -> None:
    end = execute(endless_job(wall_ms=50), Log(), Control())

    assert (end.outcome, end.retired > 0) == ("wall_limit", True)


def test_a_paused_run_spends_no_wall_time() -> None:
    assert rogue("pause", wall_ms=400).outcome == "completed"


def test_cancel_ends_a_tight_guest_loop() -> None:
    """Which would go on for a minute; bench/answers.py tells how soon."""
    control, log = Control(), Log()
    cancel = threading.Timer(0.3, control.commands.put, ["cancel"])
    log.on["running"] = cancel.start

    assert execute(endless_job(), log, control).outcome == "cancelled"


def test_pause_holds_a_tight_guest_loop() -> None:
    control, log = Control(), Log()
    log.on["running"] = threading.Timer(0.3, control.commands.put, ["pause"]).start
    log.on["paused"] = lambda: control.commands.put("cancel")

    execute(endless_job(), log, control)

    assert log.states == ["running", "paused"]


def test_pausing_changes_no_digest() -> None:
    job = assembled_job(COUNTING, watch="counter")
    plain = execute(job, Log(), Control())
    control, log = Control(), Log()
    control.commands.put("pause")
    log.on["paused"] = lambda: control.commands.put("resume")

    held = execute(job, log, control)

    assert log.states == ["running", "paused", "running"]
    assert (held.hits, held.digest) == (3000, plain.digest)


def test_a_lost_lease_kills_the_child() -> None:
    control = Control()
    threading.Timer(0.3, lambda: setattr(control, "abandoned", True)).start()

    assert rogue("spin", control=control).outcome == "killed"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_child_has_limits_and_an_empty_environment() -> None:
    seen = json.loads(rogue("confess").detail)

    assert (seen["core"], seen["files"]) == (0, 64)
    assert seen["memory"] == (32 << 20) + MARGIN
    assert set(seen["environ"]) <= {"LC_CTYPE"}
    assert set(seen["open"]) <= {0, 1, 2, 3}


def children_of(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return [int(line) for line in found.stdout.split()]


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return status != "Z"


def wait_for(condition, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_worker_leaves_no_child(tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text(
        "from sessions_app.tests.runs.test_execute import *\n"
        "rogue('spin', wall_ms=60_000)\n"
    )
    environ = os.environ | {
        "PYTHONPATH": str(Path.cwd()),
        "DJANGO_SETTINGS_MODULE": "hwbpweb.settings",
    }
    setup = "import django; django.setup(); exec(open(0).read())"
    with script.open() as text:
        worker = subprocess.Popen(
            [sys.executable, "-c", setup], stdin=text, env=environ
        )
    try:
        assert wait_for(lambda: children_of(worker.pid), 20)
        child = children_of(worker.pid)[0]
        worker.send_signal(signal.SIGKILL)

        assert wait_for(lambda: not is_alive(child))
    finally:
        worker.kill()
        worker.wait()


def test_a_program_is_assembled_in_a_child() -> None:
    answer, image = program_job({"job": "assemble", "source": TIGHT_LOOP}, b"")

    assert answer["ok"], answer
    assert image.startswith(b"\x7fELF")


def test_a_refused_program_is_an_answer() -> None:
    answer, _ = program_job({"job": "elf"}, b"not an ELF file")

    assert answer["ok"] is False
    assert answer["error"]["detail"]


def test_a_job_that_crashes_is_an_error() -> None:
    with pytest.raises(JobFailed, match="without an answer"):
        program_job({"job": "elf"}, b"", (*ROGUE, "leave"))
