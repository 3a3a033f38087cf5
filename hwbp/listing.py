"""``hwbp events``, ``hits``, ``count``, ``export``: what was recorded, for other programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from hwbp.errors import Status, Usage
from hwbp.rest import Api
from hwbp.run import OVER, told_end

_LOOK = 0.5


def events(
    api: Api, run_id: str, *, query: Mapping[str, str | None], after: int, follow: bool
) -> Status:
    """Events after a cursor; with follow, until the run is over."""
    while True:
        over = api.get(f"runs/{run_id}/")["state"] in OVER
        for event in api.pages(f"runs/{run_id}/events/", after, **query):
            after = event["seq"]
            _line(sys.stdout, event)
        sys.stdout.flush()
        if over or not follow:
            return Status.DONE
        time.sleep(_LOOK)


def hits(api: Api, run_id: str, *, query: str | None, value: str | None) -> Status:
    """Hits that pass a query; with value, what that expression comes to at each."""
    path = f"runs/{run_id}/hits/" + ("values/" if value is not None else "")
    for hit in api.pages(path, 0, q=query, expression=value):
        _line(sys.stdout, hit)
    return Status.DONE


def count(
    api: Api, run_id: str, *, by: str, query: str | None, value: str | None
) -> Status:
    """How often each value occurs among the hits that pass: count, value, name. NO when
    the server did not look at the whole run."""
    found = api.get(f"runs/{run_id}/hits/count/", by=by, q=query, expression=value)
    for row in found["results"]:
        columns = (row["count"], row["value"], row.get("name", ""))
        sys.stdout.write("\t".join(map(str, columns)).rstrip() + "\n")
    if found["complete"]:
        return Status.DONE
    sys.stderr.write("hwbp: the run is too long; its beginning was counted\n")
    return Status.NO


def export(api: Api, run_id: str, path: Path | None) -> Status:
    """Everything about a run: itself, its recipe, events, output, commands."""
    run = api.get(f"runs/{run_id}/")
    with _opened(path) as out:
        _line(out, {"run": run})
        _line(out, {"recipe": api.get(f"recipes/{run['recipe']}/")})
        for name, found in _parts(api, run_id):
            _line(out, {name: found})
    if run["state"] not in OVER:
        sys.stderr.write("hwbp: the run goes on; this is what is stored so far\n")
        return Status.NO
    return Status.DONE if run["state"] == "finished" else told_end(run)


def export_as(api: Api, run_id: str, path: Path | None, **query: str | None) -> Status:
    """A run in the format of another program."""
    if path is None:
        api.download(f"runs/{run_id}/export/", sys.stdout.buffer, **query)
        sys.stdout.buffer.flush()
        return Status.DONE
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as out:
        api.download(f"runs/{run_id}/export/", out, **query)
    draft.replace(path)
    return Status.DONE


def import_bundle(api: Api, path: Path) -> Status:
    """Send a bundle; its run's id and digest on the new server."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Usage(f"{path}: {error.strerror}") from error
    run = api.upload("bundles/", path.name, data)
    sys.stdout.write(f"{run['id']}\t{run['digest'] or run['outcome']}\n")
    return Status.DONE


def _parts(api: Api, run_id: str) -> Iterator[tuple[str, Any]]:
    for event in api.pages(f"runs/{run_id}/events/"):
        yield "event", event
    for piece in api.get(f"runs/{run_id}/output/"):
        yield "output", piece
    for command in api.pages(f"runs/{run_id}/commands/"):
        yield "command", command


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    # A file that is there in part must not be taken for the whole.
    draft = path.with_name(path.name + ".part")
    with draft.open("w", encoding="utf-8") as out:
        yield out
    draft.replace(path)


def _line(out: TextIO, value: Any) -> None:
    out.write(json.dumps(value, separators=(",", ":")) + "\n")
