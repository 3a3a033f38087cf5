"""Commands that tell something: one JSON object a line, tables, words."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwbp import listing, login, tables
from hwbp.config import Server, config_file
from hwbp.errors import Refused, Status
from hwbp.rest import Api
from hwbp.review import review_import
from hwbp.stream import Hit
from hwbp.tests.server import Rest, rest_server
from hwbp.watch import Names, Screen

EVENTS = [{"seq": 1, "kind": "HIT"}, {"seq": 2, "kind": "IRET"}]
RUN = {
    "id": "RUN",
    "recipe": "RECIPE",
    "state": "finished",
    "outcome": "completed",
    "detail": "",
}


@pytest.fixture
def rest() -> Iterator[Rest]:
    answers: dict[str, tuple[int, Any]] = {
        "runs/RUN/": (200, RUN),
        "runs/RUN/events/": (200, {"results": EVENTS, "next": None}),
        "runs/RUN/hits/": (200, {"results": [{"hit_no": 1}], "next": None}),
        "runs/RUN/hits/values/": (200, {"results": [{"value": "0x7"}], "next": None}),
        "runs/RUN/hits/count/": (
            200,
            {
                "total": 5,
                "complete": True,
                "results": [
                    {"value": 1, "name": "perf", "count": 3},
                    {"value": "0x2", "count": 2},
                ],
            },
        ),
        "runs/RUN/output/": (200, [{"seq": 2, "text": "hello"}]),
        "runs/RUN/commands/": (200, {"results": [{"do": "open"}], "next": None}),
        "recipes/RECIPE/": (200, {"format": 1}),
    }
    with rest_server(Rest(answers)) as served:
        yield served


@pytest.fixture
def api(rest: Rest) -> Api:
    return Api(Server(rest.url, "secret"))


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_events_are_a_line_each(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    listing.events(api, "RUN", query={}, after=0, follow=False)

    assert lines(capsys.readouterr().out) == EVENTS


def test_events_are_asked_for_by_filter_and_cursor(rest: Rest, api: Api) -> None:
    query = {"kind": "HIT", "q": "slot:0"}
    listing.events(api, "RUN", query=query, after=7, follow=False)

    path = rest.seen[-1].path
    assert all(part in path for part in ("kind=HIT", "q=slot%3A0", "after=7"))


def test_events_are_followed_to_the_end_without_one_twice(
    rest: Rest,
    api: Api,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing, "_LOOK", 0.01)
    states = iter(["running", "finished"])
    rest.answers["runs/RUN/"] = (200, lambda seen: RUN | {"state": next(states)})

    def page(seen: Any) -> Any:
        fresh = EVENTS if "after=0" in seen.path else [{"seq": 3}]
        return {"results": fresh, "next": None}

    rest.answers["runs/RUN/events/"] = (200, page)
    listing.events(api, "RUN", query={}, after=0, follow=True)

    assert [e["seq"] for e in lines(capsys.readouterr().out)] == [1, 2, 3]


def test_an_export_has_everything(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "run.ndjson"

    status = listing.export(api, "RUN", path)

    assert status is Status.DONE
    assert [next(iter(line)) for line in lines(path.read_text())] == [
        *("run", "recipe", "event", "event", "output", "command")
    ]


def test_an_export_that_broke_off_leaves_no_file(
    rest: Rest, api: Api, tmp_path: Path
) -> None:
    del rest.answers["runs/RUN/output/"]

    with pytest.raises(Refused):
        listing.export(api, "RUN", tmp_path / "run.ndjson")

    assert not (tmp_path / "run.ndjson").exists()


def test_an_export_of_a_run_that_goes_on_is_not_the_whole(
    rest: Rest, api: Api, tmp_path: Path
) -> None:
    rest.answers["runs/RUN/"] = (200, RUN | {"state": "running"})

    assert listing.export(api, "RUN", tmp_path / "x") is Status.NO


COMPARED = {
    "same_digest": False,
    "equal": False,
    "differences": 2,
    "first": {"sentence": "Hit 3 is missing on the right."},
    "facts": [{"sentence": "ret differs", "count": 2}],
    "more_facts": 0,
    "wrong_in_both": [],
    "compared": {"left": {"short": ""}, "right": {"short": "limit_reached"}},
}


def test_a_comparison_says_where_runs_part(
    rest: Rest, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    rest.answers["compare/"] = (200, COMPARED)

    status = tables.compare(api, "A", "B", as_json=False)

    assert status is Status.NO
    assert capsys.readouterr().out.splitlines() == [
        "2 differences",
        "first: Hit 3 is missing on the right.",
        "  ret differs (2 times)",
        "right is not whole: limit_reached",
    ]


def test_equal_runs_are_a_yes(
    rest: Rest, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    same = {"same_digest": True, "equal": True, "first": None, "facts": []}
    rest.answers["compare/"] = (200, COMPARED | same)

    assert tables.compare(api, "A", "B", as_json=False) is Status.DONE
    assert capsys.readouterr().out.startswith("same digest\nno difference\n")


def test_a_matrix_is_a_table(
    rest: Rest, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = {
        "W1": {"d4": "stops:1", "g-bare": "lost"},
        "W2": {"d4": "ok", "g-bare": None},
    }
    rest.answers["matrix/"] = (200, {"missing": 1, "cells": cells})

    status = tables.matrix(api, rows=None, variants=None, wait=False, as_json=False)

    assert status is Status.NO
    assert capsys.readouterr().out.splitlines() == [
        "    d4       g-bare",
        "W1  stops:1  lost",
        "W2  ok       …",
    ]


def test_a_matrix_is_waited_for(
    rest: Rest, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_LOOK", 0.01)
    missing = iter([2, 0])
    rest.answers["matrix/"] = (200, lambda s: {"missing": next(missing), "cells": {}})

    assert (
        tables.matrix(api, rows=None, variants=None, wait=True, as_json=True)
        is Status.DONE
    )


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (0x401000, "_start"),
        (0x401004, "_start+0x4"),
        (0x402000, "counter"),
        (0x400FFF, "0x400fff"),
        (0x500000, "0x500000"),
    ],
)
def test_addresses_have_the_name_before_them(address: int, name: str) -> None:
    names = Names({"counter": "0x402000", "_start": "0x401000"})

    assert names.name(address) == name


def test_away_from_a_terminal_a_hit_is_a_line() -> None:
    out = io.StringIO()
    screen = Screen(out, Names({"counter": "0x402000"}), {"events": 100})
    screen.hits([Hit(1, 1, 10, 0, 0, 0x401000, 0x402000, 5)])

    head, line = out.getvalue().splitlines()
    assert head.split("\t")[0] == "hit"
    assert line.split("\t") == ["1", "10", "0", "0", "0x401000", "counter", "0x5"]


def test_login_tries_the_token_and_keeps_it(
    rest: Rest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(login.getpass, "getpass", lambda words: "secret\n")
    rest.answers["sessions/"] = (200, {"results": []})

    login.login(rest.url, None)

    assert json.loads(config_file().read_text()) == {"url": rest.url, "token": "secret"}


def test_login_keeps_no_token_that_the_server_refuses(
    rest: Rest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    rest.answers["sessions/"] = (401, {"detail": "This token is not known."})

    with pytest.raises(Refused, match="not known"):
        login.login(rest.url, "wrong")

    assert not config_file().exists()


def test_hits_are_a_line_each(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    listing.hits(api, "RUN", query=None, value=None)

    assert lines(capsys.readouterr().out) == [{"hit_no": 1}]


def test_an_expression_is_asked_of_each_hit(
    rest: Rest, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    listing.hits(api, "RUN", query="slot:0", value="rdi & 1")

    assert lines(capsys.readouterr().out) == [{"value": "0x7"}]
    assert "q=slot%3A0&expression=rdi+%26+1" in rest.seen[-1].path


def test_counts_are_columns(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    status = listing.count(api, "RUN", by="verdict", query=None, value=None)

    assert (status, capsys.readouterr().out) == (
        Status.DONE,
        "3\t1\tperf\n2\t0x2\n",
    )


def test_a_count_that_is_not_whole_says_so(
    rest: Rest, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = {"total": 0, "complete": False, "results": []}
    rest.answers["runs/RUN/hits/count/"] = (200, counted)

    status = listing.count(api, "RUN", by="rip", query=None, value=None)

    assert (status, "too long" in capsys.readouterr().err) == (Status.NO, True)


def test_mail_is_brought(
    rest: Rest, api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [{"review": {"id": "R", "title": "DR7"}, "new": 3}]
    rest.answers["reviews/"] = (201, told)
    path = tmp_path / "thread.mbox"
    path.write_bytes(b"From: a@b\n\nhello\n")

    review_import(api, path)

    assert capsys.readouterr().out == "R\t3\tDR7\n"
    assert b"From: a@b\n\nhello\n" in rest.seen[-1].body


def test_a_format_is_written_as_it_comes(rest: Rest, api: Api, tmp_path: Path) -> None:
    rest.answers["runs/RUN/export/"] = (200, b"\x0a\x00not text\xff")
    path = tmp_path / "run.pftrace"

    listing.export_as(api, "RUN", path, format="perfetto", q="slot:0", clock=None)

    assert path.read_bytes() == b"\x0a\x00not text\xff"
    assert rest.seen[-1].path.endswith("?format=perfetto&q=slot%3A0")


def test_a_format_that_is_refused_leaves_no_file(
    rest: Rest, api: Api, tmp_path: Path
) -> None:
    rest.answers["runs/RUN/export/"] = (422, {"detail": "there is no format 'pdf'"})

    with pytest.raises(Refused, match="no format"):
        listing.export_as(api, "RUN", tmp_path / "x", format="pdf")

    assert not (tmp_path / "x").exists()
