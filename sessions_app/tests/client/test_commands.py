"""hwbp against a running service, with nothing but an address and a token."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from sessions_app.tests.browser.rest import Api
from sessions_app.tests.client.conftest import NOBODY, Client
from sessions_app.tests.debugger.programs import COUNTED, assembled, recipe_of

pytestmark = pytest.mark.processes
_LINE = re.compile(r"(?P<id>[0-9a-f-]{36}) (?P<digest>[0-9a-f]{64})\n")
WATCH = {"type": "write", "length": 4, "at": "counter"}


@pytest.fixture(scope="module")
def finished(hwbp: Client) -> str:
    """The id of a run of the demo."""
    return hwbp("run", "watched-counter", "--wait").stdout.split()[0]


def test_the_client_is_another_user_where_that_can_be_had(hwbp: Client) -> None:
    if not hwbp.prefix:
        pytest.skip("not root, or without a Python for other users")
    asked = [*hwbp.prefix, hwbp.python, "-c", "import os; print(os.getuid())"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == str(NOBODY)


def test_address_and_token_on_the_command_line_suffice(hwbp: Client, api: Api) -> None:
    done = hwbp(
        *("--url", hwbp.url, "--token", hwbp.token),
        *("run", "watched-counter", "--wait"),
        HWBP_URL="",
        HWBP_TOKEN="",
    )

    found = _LINE.fullmatch(done.stdout)
    assert (done.returncode, found is not None) == (0, True), done
    assert found is not None
    assert api.state(found["id"])["digest"] == found["digest"]


def test_address_and_token_in_the_environment_serve_instead(hwbp: Client) -> None:
    assert hwbp("run", "watched-counter").returncode == 0


def test_the_same_recipe_has_the_same_digest(hwbp: Client) -> None:
    digests = {hwbp("run", "two-cpus-race", "--wait").stdout.split()[1] for _ in "ab"}

    assert len(digests) == 1


def test_a_recipe_is_run_from_a_file_whose_image_the_server_has(
    hwbp: Client, api: Api
) -> None:
    image = api.post("images/", {"assembly": COUNTED})["sha256"]
    wish = {"image": image, "breakpoints": [WATCH]}
    recipe = api.post("recipes/", wish)["recipe"]
    folder = hwbp.folder / "recipes"
    folder.mkdir(mode=0o755)
    (folder / "counted.json").write_text(json.dumps(recipe))

    done = hwbp("run", "recipes/counted.json", "--wait")

    assert done.returncode == 0, done.stderr
    assert api.state(done.stdout.split()[0])["hits"] == 1000


def test_an_image_beside_the_recipe_is_uploaded(hwbp: Client, api: Api) -> None:
    sha256, program, _ = assembled(COUNTED.replace("$1000", "$17"))
    folder = hwbp.folder / "new"
    folder.mkdir(mode=0o755)
    (folder / "counted.elf").write_bytes(program)
    watch = WATCH | {"owner": "perf_user", "task": "main"}
    recipe = recipe_of(sha256, breakpoints=[watch])
    (folder / "counted.json").write_text(json.dumps(recipe))

    done = hwbp("run", "new/counted.json", "--wait")

    assert done.returncode == 0, done.stderr
    assert api.state(done.stdout.split()[0])["hits"] == 17


def test_an_image_that_is_nowhere_is_refused_by_its_field(hwbp: Client) -> None:
    path = hwbp.folder / "nowhere.json"
    path.write_text(json.dumps(recipe_of("0" * 64)))

    done = hwbp("run", "nowhere.json")

    assert (done.returncode, "images[0].sha256" in done.stderr) == (4, True)


def test_another_kernel_is_another_recipe(
    hwbp: Client, api: Api, finished: str
) -> None:
    other = hwbp("run", "watched-counter", "--variant", "d4").stdout.strip()

    assert api.state(other)["recipe"] != api.state(finished)["recipe"]


def test_an_unknown_kernel_is_refused_with_the_known_ones(hwbp: Client) -> None:
    done = hwbp("run", "watched-counter", "--variant", "z9")

    assert (done.returncode, "g-bare" in done.stderr) == (4, True)


def test_hits_are_watched_as_they_come(hwbp: Client, api: Api) -> None:
    run = hwbp("run", "watched-counter").stdout.strip()

    done = hwbp("watch", run)

    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0].startswith("hit\t")
    assert len(lines) - 1 == api.state(run)["hits"]


def test_every_event_is_told_once(hwbp: Client, api: Api, finished: str) -> None:
    told = [json.loads(line) for line in hwbp("events", finished).stdout.splitlines()]

    assert [e["seq"] for e in told] == list(range(1, api.state(finished)["events"] + 1))


def test_an_export_has_run_recipe_and_every_event(
    hwbp: Client, api: Api, finished: str
) -> None:
    told = [json.loads(line) for line in hwbp("export", finished).stdout.splitlines()]

    assert told[0]["run"]["digest"] == api.state(finished)["digest"]
    assert sum("event" in line for line in told) == api.state(finished)["events"]


def test_two_runs_of_a_recipe_compare_equal(hwbp: Client, finished: str) -> None:
    again = hwbp("run", "watched-counter", "--wait").stdout.split()[0]

    done = hwbp("compare", finished, again)

    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "same digest")


def test_runs_that_differ_are_a_no(hwbp: Client, finished: str) -> None:
    other = hwbp("run", "two-cpus-race", "--wait").stdout.split()[0]

    assert hwbp("compare", finished, other).returncode == 1


def test_an_unknown_token_is_refused(hwbp: Client) -> None:
    done = hwbp("run", "watched-counter", HWBP_TOKEN="nonsense")

    assert (done.returncode, "not known" in done.stderr) == (4, True)


def test_a_run_that_is_not_there_is_refused(hwbp: Client) -> None:
    done = hwbp("watch", "00000000-0000-0000-0000-000000000000")

    assert done.returncode == 4
