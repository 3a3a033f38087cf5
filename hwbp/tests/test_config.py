"""Which server and which token: order, files, what is kept from whom."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from hwbp.config import Server, checked_url, config_file, find_server, keep_server
from hwbp.errors import Usage


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("HWBP_URL", "HWBP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_command_line_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HWBP_URL", "http://environment")
    monkeypatch.setenv("HWBP_TOKEN", "environment")

    assert find_server("http://line", "line") == Server("http://line", "line")


def test_the_environment_comes_before_what_was_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep_server(Server("http://kept", "kept"))
    monkeypatch.setenv("HWBP_URL", "http://environment")
    monkeypatch.setenv("HWBP_TOKEN", "environment")

    assert find_server(None, None).url == "http://environment"


def test_what_was_kept_suffices() -> None:
    keep_server(Server("http://kept", "secret"))

    assert find_server(None, None) == Server("http://kept", "secret")


def test_a_kept_token_goes_to_no_other_server() -> None:
    keep_server(Server("http://kept", "secret"))

    with pytest.raises(Usage):
        find_server("http://other", None)


def test_a_kept_token_goes_to_its_server_by_name() -> None:
    keep_server(Server("http://kept", "secret"))

    assert find_server("http://kept/", None).token == "secret"


def test_only_this_user_reads_the_token() -> None:
    path = keep_server(Server("http://kept", "secret"))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_token_that_is_kept_again_replaces_the_first() -> None:
    keep_server(Server("http://kept", "old"))
    path = keep_server(Server("http://kept", "new"))

    assert json.loads(path.read_text())["token"] == "new"
    assert list(path.parent.iterdir()) == [path]


def test_without_a_server_all_ways_are_named() -> None:
    with pytest.raises(Usage, match="hwbp login.*HWBP_URL"):
        find_server(None, None)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Usage, match="allowed"):
        checked_url(url)


def test_a_file_that_does_not_read_is_said(home: Path) -> None:
    config_file().parent.mkdir()
    config_file().write_text("{")

    with pytest.raises(Usage, match="does not read"):
        find_server(None, None)


@pytest.mark.parametrize(
    ("url", "socket"), [("http://a:1", "ws://a:1"), ("https://a", "wss://a")]
)
def test_the_socket_is_as_safe_as_the_page(url: str, socket: str) -> None:
    assert Server(url, "x").socket_url == socket
