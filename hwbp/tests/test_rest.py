"""Requests: with the token to its server only, refusals in the server's own words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hwbp.config import Server
from hwbp.errors import Refused, Status, Unreachable
from hwbp.rest import Api
from hwbp.tests.server import Rest, rest_server


@pytest.fixture
def rest() -> Iterator[Rest]:
    with rest_server(Rest()) as served:
        yield served


@pytest.fixture
def api(rest: Rest) -> Api:
    return Api(Server(rest.url, "secret"))


def test_the_token_goes_along(rest: Rest, api: Api) -> None:
    rest.answers["runs/"] = (200, {"results": []})
    api.get("runs/")

    assert rest.seen[0].headers["Authorization"] == "Bearer secret"


def test_a_query_leaves_out_what_is_not_given(rest: Rest, api: Api) -> None:
    rest.answers["events/"] = (200, {})
    api.get("events/", kind="HIT", q=None)

    assert rest.seen[0].path == "/api/v1/events/?kind=HIT"


def test_a_list_is_read_page_by_page(rest: Rest, api: Api) -> None:
    pages: dict[str, Any] = {
        "0": {"results": [1, 2], "next": 2},
        "2": {"results": [3], "next": None},
    }

    def page(request: Any) -> Any:
        return pages[request.path.partition("after=")[2].partition("&")[0]]

    rest.answers["events/"] = (200, page)

    assert list(api.pages("events/")) == [1, 2, 3]


def test_a_refusal_says_field_value_and_what_is_allowed(rest: Rest, api: Api) -> None:
    error = {"field": "at", "value": "x", "detail": "no x here", "allowed": "counter"}
    rest.answers["runs/"] = (422, {"detail": "Refused.", "errors": [error]})

    with pytest.raises(Refused) as refused:
        api.post("runs/", {})

    assert str(refused.value) == "Refused.\n  at: no x here ('x'); allowed: counter"
    assert refused.value.status is Status.REFUSED


def test_a_refusal_without_words_has_its_number(rest: Rest, api: Api) -> None:
    rest.answers["runs/"] = (502, b"<html>")

    with pytest.raises(Refused, match="502"):
        api.get("runs/")


def test_a_redirect_is_told_and_not_followed(rest: Rest, api: Api) -> None:
    rest.answers["runs/"] = (301, {})
    rest.headers["Location"] = "https://elsewhere.example/"

    with pytest.raises(Refused, match=r"https://elsewhere\.example/"):
        api.get("runs/")
    assert len(rest.seen) == 1


def test_nobody_there_is_said() -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        Api(Server("http://127.0.0.1:9", "secret")).get("runs/")


def test_a_file_is_sent_as_a_form_does(rest: Rest, api: Api) -> None:
    rest.answers["images/"] = (201, {"sha256": "ab"})
    api.upload("images/", "program", b"\x7fELF")

    seen = rest.seen[0]
    assert seen.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename="program"' in seen.body
    assert b"\r\n\r\n\x7fELF\r\n--" in seen.body
