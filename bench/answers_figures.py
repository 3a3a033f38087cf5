"""The figures of bench.answers. Needs Django to be set up."""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hwbpweb.tests.processes import Service
from sessions_app.runner import Batch, Control, Job, execute
from sessions_app.tests.browser.rest import Api, api_token

_LOOP = """
_start:
\tmov $0x7fffffffffff, %rcx
again:
\tdec %rcx
\tjnz again
.data
unused: .quad 0
"""
#: Many hits, then none for ever.
_HITS = """
_start:
\tmov $90000, %ecx
again:
\taddl $1, counter(%rip)
\tloop again
stays:
\tjmp stays
.data
counter: .quad 0
"""
_SPINS = (sys.executable, "-s", "-m", "sessions_app.tests.runs.rogue_child", "spin")
_TIMES = 5
_ENOUGH = 100_000_000_000

Figure = tuple[str, float, float]
"""Words, seconds, the bound in seconds."""


def figures() -> Iterator[Figure]:
    """One after the other."""
    yield from _children()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), "--workers", "1")
        assert service.login_url
        service.stop()
        began = time.perf_counter()
        service = Service(Path(folder), "--workers", "1")
        assert service.login_url
        yield "a later start of `up`, until its link", _since(began), 10.0
        try:
            api = Api(service.base_url, api_token(service.login_url))
            yield from _commands(api)
            yield from _parked(api)
        finally:
            began = time.perf_counter()
            service.stop(signal.SIGTERM)
        yield "SIGTERM, until everything ended", _since(began), 8.0


def _commands(api: Api) -> Iterator[Figure]:
    recipe = api.assembled(_LOOP, instructions=_ENOUGH)
    run = _running(api, recipe)
    pauses, goes = [], []
    for _ in range(_TIMES):
        pauses.append(_commanded(api, run, "pause", "paused"))
        goes.append(_commanded(api, run, "resume", "running"))
    yield "pause a tight loop over REST, until it is paused", min(pauses), 0.1
    yield "resume it, until it runs", min(goes), 0.1
    cancels = [_commanded(api, run, "cancel", "cancelled")]
    for _ in range(_TIMES - 1):
        run = _running(api, recipe)
        cancels.append(_commanded(api, run, "cancel", "cancelled"))
    yield "cancel a tight loop over REST, until it is cancelled", min(cancels), 3.0


def _parked(api: Api) -> Iterator[Figure]:
    """A run that gives its worker back behind 900 000 events."""
    image = api.post("images/", {"assembly": _HITS})["sha256"]
    watch = {"type": "write", "length": 4, "at": "counter"}
    run = api.run(api.recipe(image, breakpoints=[watch], instructions=_ENOUGH))
    api.until(run, lambda state: state["hits"] == 90_000, 60)
    parks, stands = [], []
    for _ in range(_TIMES):
        _commanded(api, run, "pause", "paused")
        began = time.perf_counter()
        api.post(f"runs/{run}/park/")
        api.until(run, lambda state: state["parked_at"] is not None, 30)
        parks.append(_since(began))
        began = time.perf_counter()
        api.send(f"runs/{run}/control/", {"do": "attach"})
        api.until(run, lambda state: state["debugger"].get("state") == "stopped", 30)
        stands.append(_since(began))
        api.send(f"runs/{run}/control/", {"do": "detach"})
        api.until(run, lambda state: not state["debugger"], 30)
    api.post(f"runs/{run}/cancel/")
    yield "park a paused run, until its worker is free", min(parks), 1.0
    yield "a debugger comes to it, until it stands again", min(stands), 10.0


def _running(api: Api, recipe: str) -> str:
    run = api.run(recipe)
    api.until(run, lambda state: state["state"] == "running")
    time.sleep(0.5)  # it has begun to retire
    return run


def _commanded(api: Api, run: str, word: str, state: str) -> float:
    began = time.perf_counter()
    api.post(f"runs/{run}/{word}/")
    api.until(run, lambda told: told["state"] == state, 30)
    return _since(began)


def _children() -> Iterator[Figure]:
    """Children that do not listen: what a worker does about them."""

    def limited() -> float:
        began = time.perf_counter()
        assert _rogue(Control(), wall_ms=300) == "wall_limit"
        return _since(began) - 0.3

    yield "a child that does not listen, after its wall limit", _best(limited), 6.0

    def abandoned() -> float:
        control, told = Control(), []

        def abandon() -> None:
            told.append(time.perf_counter())
            control.abandoned = True

        threading.Timer(0.3, abandon).start()
        assert _rogue(control, wall_ms=60_000) == "killed"
        return _since(told[0])

    yield "the same, after its lease was lost", _best(abandoned), 2.0


def _rogue(control: Control, wall_ms: int) -> str:
    job = Job(recipe=b"{}", images={}, memory=32 << 20, wall_ms=wall_ms)
    return str(execute(job, _Deaf(), control, _SPINS).outcome)


class _Deaf:
    """A listener that does nothing."""

    def on_batch(self, batch: Batch) -> None:
        """Dropped."""

    def on_state(self, state: str, retired: int) -> None:
        """Not looked at."""

    def on_idle(self) -> None:
        """Nothing to do."""


def _best(work: Callable[[], float]) -> float:
    return min(work() for _ in range(_TIMES))


def _since(began: float) -> float:
    return time.perf_counter() - began
