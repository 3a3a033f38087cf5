"""A run moves from one installation to another: two services, two databases, hwbp."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hwbpweb.tests.processes import Service
from sessions_app.tests.browser.rest import Api, api_token
from sessions_app.tests.client.conftest import Client

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Another installation."""
    started = Service(tmp_path_factory.mktemp("elsewhere") / "data", "--workers", "1")
    yield Api(started.base_url, api_token(started.login_url))
    started.stop()


@pytest.fixture(scope="module")
def moved(hwbp: Client, elsewhere: Api) -> tuple[str, str, str]:
    """A run here, the run that it became there, and the digest that hwbp printed."""
    here = hwbp("run", "two-cpus-race", "--wait").stdout.split()[0]
    folder = hwbp.folder / "bundles"
    folder.mkdir()
    folder.chmod(0o777)  # the client may be another user
    file = folder / "run.hwbp"
    done = hwbp("export", here, "--format", "bundle", "-o", str(file))
    assert done.returncode == 0, done
    done = hwbp(
        *("--url", elsewhere.base, "--token", elsewhere._token),
        *("import", str(file)),
    )
    assert done.returncode == 0, done
    there, digest = done.stdout.split()
    return here, there, digest


def test_the_digest_is_the_same_in_both(
    moved: tuple[str, str, str], api: Api, elsewhere: Api
) -> None:
    here, there, digest = moved

    assert api.state(here)["digest"] == elsewhere.state(there)["digest"] == digest


def test_a_run_of_the_same_recipe_there_has_that_digest_too(
    moved: tuple[str, str, str], elsewhere: Api
) -> None:
    run = elsewhere.state(moved[1])
    made = elsewhere.run(run["recipe"], run["session"])

    assert elsewhere.end(made)["digest"] == moved[2]


def test_every_event_is_there(
    moved: tuple[str, str, str], hwbp: Client, elsewhere: Api
) -> None:
    here, there, _ = moved
    there_too = ("--url", elsewhere.base, "--token", elsewhere._token)
    ours = hwbp("events", here).stdout
    theirs = hwbp(*there_too, "events", there).stdout

    assert theirs == ours != ""


def test_it_is_shared_there(moved: tuple[str, str, str], elsewhere: Api) -> None:
    session = elsewhere.state(moved[1])["session"]

    assert elsewhere.post(f"sessions/{session}/share-links/", {})["url"]


def test_a_file_that_is_no_bundle_is_refused(hwbp: Client) -> None:
    file = hwbp.folder / "hello.hwbp"
    file.write_bytes(b"hello")

    done = hwbp("import", str(file))

    assert done.returncode == 4
    assert "no bundle" in done.stderr


def test_a_file_that_is_not_there(hwbp: Client) -> None:
    assert hwbp("import", "/nowhere/run.hwbp").returncode == 2
