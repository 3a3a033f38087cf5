"""``hwbp run``: what is sent, what is printed, how it ends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwbp import run as running
from hwbp.config import Server
from hwbp.errors import Status, Usage
from hwbp.rest import Api
from hwbp.run import Wish, run
from hwbp.tests.server import Rest, Seen, rest_server

PROGRAM = b"\x7fELF program"
SHA256 = hashlib.sha256(PROGRAM).hexdigest()


def ended(**changes: Any) -> dict[str, Any]:
    told = {
        "state": "finished",
        "outcome": "completed",
        "detail": "",
        "digest": "d" * 64,
    }
    return {"id": "RUN"} | told | changes


@pytest.fixture
def rest() -> Iterator[Rest]:
    answers: dict[str, tuple[int, Any]] = {
        "images/": (201, {"sha256": SHA256}),
        "recipes/": (201, {"id": "RECIPE"}),
        "sessions/": (201, {"id": "SESSION"}),
        "runs/": (201, {"id": "RUN"}),
        "runs/RUN/": (200, ended()),
        "scenarios/watched-counter/run/": (201, {"id": "SESSION"}),
        "sessions/SESSION/runs/": (200, {"results": [{"id": "RUN"}]}),
    }
    with rest_server(Rest(answers)) as served:
        yield served


@pytest.fixture
def api(rest: Rest) -> Api:
    return Api(Server(rest.url, "secret"))


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "counter.json"
    path.write_text(json.dumps({"format": 1, "images": [{"sha256": SHA256}]}))
    (tmp_path / "counter.elf").write_bytes(PROGRAM)
    (tmp_path / "other.elf").write_bytes(b"another program")
    return path


def sent(rest: Rest, path: str) -> list[Seen]:
    return [seen for seen in rest.seen if seen.path == f"/api/v1/{path}"]


def body(rest: Rest, path: str) -> Any:
    return json.loads(sent(rest, path)[0].body)


def test_the_id_is_printed(
    api: Api, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(api, Wish(str(recipe)))

    assert (status, capsys.readouterr().out) == (Status.DONE, "RUN\n")


def test_id_and_digest_are_printed_when_it_is_waited_for(
    api: Api, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(api, Wish(str(recipe), wait=True))

    assert (status, capsys.readouterr().out) == (Status.DONE, f"RUN {'d' * 64}\n")


def test_a_run_without_a_digest_has_a_dash(
    rest: Rest, api: Api, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rest.answers["runs/RUN/"] = (200, ended(outcome="wall_limit", digest=""))
    run(api, Wish(str(recipe), wait=True))

    assert capsys.readouterr().out == "RUN -\n"


def test_a_failed_run_is_a_no_with_its_reason(
    rest: Rest, api: Api, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rest.answers["runs/RUN/"] = (
        200,
        ended(state="failed", outcome="crashed", detail="the process was killed"),
    )

    status = run(api, Wish(str(recipe), wait=True))

    assert status is Status.NO
    assert "crashed: the process was killed" in capsys.readouterr().err


def test_waiting_lasts_until_the_end(
    rest: Rest, api: Api, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_LOOK", 0.01)
    states = iter(["queued", "running", "finished"])
    rest.answers["runs/RUN/"] = (200, lambda seen: ended(state=next(states)))

    run(api, Wish(str(recipe), wait=True))

    assert len(sent(rest, "runs/RUN/")) == 3


def test_a_run_that_waits_says_its_place_when_it_changes(
    rest: Rest,
    api: Api,
    recipe: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(running, "_LOOK", 0.01)
    steps = iter([("queued", 3), ("queued", 3), ("queued", 1), ("finished", None)])

    def answer(_: Seen) -> dict[str, Any]:
        state, place = next(steps)
        return ended(state=state, place=place)

    rest.answers["runs/RUN/"] = (200, answer)

    run(api, Wish(str(recipe), wait=True))

    told = capsys.readouterr().err.splitlines()
    assert told[:2] == ["hwbp: queued, place 3", "hwbp: queued, place 1"]


def test_images_that_the_recipe_names_are_uploaded_and_no_others(
    rest: Rest, api: Api, recipe: Path
) -> None:
    run(api, Wish(str(recipe)))

    [upload] = sent(rest, "images/")
    assert PROGRAM in upload.body


def test_an_image_from_elsewhere_may_be_named(
    rest: Rest, api: Api, recipe: Path, tmp_path: Path
) -> None:
    (tmp_path / "counter.elf").unlink()
    elsewhere = tmp_path / "build"
    elsewhere.mkdir()
    (elsewhere / "a.out").write_bytes(PROGRAM)

    run(api, Wish(str(recipe), images=(elsewhere / "a.out",)))

    assert len(sent(rest, "images/")) == 1


def test_the_variant_replaces_that_of_the_recipe(
    rest: Rest, api: Api, recipe: Path
) -> None:
    run(api, Wish(str(recipe), variant="d4"))

    assert body(rest, "recipes/")["variant"] == {"base": "d4", "set": {}}


def test_a_run_may_be_held(rest: Rest, api: Api, recipe: Path) -> None:
    run(api, Wish(str(recipe), paused=True))

    assert body(rest, "runs/") == {
        "session": "SESSION",
        "recipe": "RECIPE",
        "paused": True,
    }


def test_a_session_is_used_if_one_is_named(rest: Rest, api: Api, recipe: Path) -> None:
    run(api, Wish(str(recipe), session="MINE"))

    assert body(rest, "runs/")["session"] == "MINE"
    assert not sent(rest, "sessions/")


def test_a_new_session_has_the_recipes_name(rest: Rest, api: Api, recipe: Path) -> None:
    run(api, Wish(str(recipe)))

    assert body(rest, "sessions/") == {"title": "counter"}


def test_a_scenario_is_run_by_its_id(
    rest: Rest, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    run(api, Wish("watched-counter", variant="d4", paused=True))

    assert body(rest, "scenarios/watched-counter/run/") == {
        "variant": "d4",
        "paused": True,
    }
    assert capsys.readouterr().out == "RUN\n"


@pytest.mark.parametrize("name", ["missing.json", "folder/missing"])
def test_a_file_that_is_not_there_is_no_scenario(api: Api, name: str) -> None:
    with pytest.raises(Usage, match="no file"):
        run(api, Wish(name))


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_file_that_is_no_recipe_is_said(api: Api, tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)

    with pytest.raises(Usage, match="no recipe"):
        run(api, Wish(str(path)))
