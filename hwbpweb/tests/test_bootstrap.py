"""From a bare python3 to .venv: what is asked, in which order, and what is refused."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hwbpweb import bootstrap, pip_wheel

PROJECT_DIR = bootstrap.PROJECT_DIR
WHEEL = b"not really a wheel"
SHA256 = hashlib.sha256(WHEEL).hexdigest()


class Index:
    """A package index on loopback."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        self.headers: list[Any] = []
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.asked.append(self.path)
                index.headers.append(self.headers)
                kind, body = index.pages.get(self.path, ("", b""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/simple"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def html(self, *links: str) -> None:
        body = "<!doctype html>" + "".join(links)
        self.pages["/simple/pip/"] = ("text/html", body.encode())

    def json(self, *files: dict[str, Any]) -> None:
        body = json.dumps({"files": files}).encode()
        self.pages["/simple/pip/"] = ("application/vnd.pypi.simple.v1+json", body)

    def wheel(self, version: str, data: bytes = WHEEL) -> str:
        name = f"pip-{version}-py3-none-any.whl"
        self.pages[f"/files/{name}"] = ("application/octet-stream", data)
        return name


@pytest.fixture
def index() -> Iterator[Index]:
    made = Index()
    yield made
    made.close()


@pytest.fixture
def environ(index: Index, tmp_path: Path, monkeypatch: Any) -> dict[str, str]:
    monkeypatch.setenv("HOME", str(tmp_path))
    nowhere = str(tmp_path / "none")
    return {"PIP_INDEX_URL": index.url, "XDG_CONFIG_DIRS": nowhere}


def link(name: str, fragment: str = f"#sha256={SHA256}", more: str = "") -> str:
    return f'<a href="/files/{name}{fragment}" {more}>{name}</a>'


def test_the_newest_wheel_is_taken(
    index: Index, environ: dict[str, str], tmp_path: Path
) -> None:
    index.html(*(link(index.wheel(v)) for v in ("9.0", "25.10", "25.9.1", "24.0")))

    assert pip_wheel.fetch(tmp_path, environ).name == "pip-25.10-py3-none-any.whl"


def test_an_index_in_json_is_read(
    index: Index, environ: dict[str, str], tmp_path: Path
) -> None:
    name = index.wheel("25.0")
    index.json(
        {"filename": name, "url": f"/files/{name}", "hashes": {"sha256": SHA256}}
    )

    assert pip_wheel.fetch(tmp_path, environ).read_bytes() == WHEEL


def test_a_wheel_with_another_hash_is_refused(
    index: Index, environ: dict[str, str], tmp_path: Path
) -> None:
    index.html(link(index.wheel("25.0", b"tampered")))

    with pytest.raises(pip_wheel.NoPip, match="hash"):
        pip_wheel.fetch(tmp_path, environ)
    assert not list(tmp_path.glob("*.whl"))


@pytest.mark.parametrize(
    "unfit",
    [
        pytest.param({"fragment": ""}, id="without-hash"),
        pytest.param({"more": "data-yanked"}, id="yanked"),
        pytest.param({"more": 'data-requires-python="&gt;=3.99"'}, id="too-new"),
    ],
)
def test_an_unfit_wheel_is_passed_over(
    index: Index, environ: dict[str, str], tmp_path: Path, unfit: dict[str, str]
) -> None:
    index.html(link(index.wheel("26.0"), **unfit), link(index.wheel("25.0")))

    assert pip_wheel.fetch(tmp_path, environ).name.startswith("pip-25.0")


def test_an_index_without_a_fitting_wheel_is_an_error(
    index: Index, environ: dict[str, str], tmp_path: Path
) -> None:
    index.html(link("pip-26.0.tar.gz"), link("pip-26.0rc1-py3-none-any.whl"))

    with pytest.raises(pip_wheel.NoPip):
        pip_wheel.fetch(tmp_path, environ)


def test_credentials_of_the_address_are_sent(
    index: Index, environ: dict[str, str], tmp_path: Path
) -> None:
    index.html(link(index.wheel("25.0")))
    environ["PIP_INDEX_URL"] = index.url.replace("http://", "http://a:b%40c@")

    pip_wheel.fetch(tmp_path, environ)

    assert index.headers[0]["Authorization"] == "Basic YTpiQGM="


def test_the_extra_index_is_asked_when_the_first_fails(
    index: Index, environ: dict[str, str], tmp_path: Path
) -> None:
    index.html(link(index.wheel("25.0")))
    environ["PIP_EXTRA_INDEX_URL"] = index.url
    environ["PIP_INDEX_URL"] = index.url.replace("/simple", "/none")

    assert pip_wheel.fetch(tmp_path, environ).exists()


def test_pip_conf_names_the_index(tmp_path: Path) -> None:
    file = tmp_path / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("[global]\nindex-url = https://a.example/simple\n")

    found = pip_wheel.settings({"XDG_CONFIG_DIRS": str(tmp_path / "x")}, tmp_path)

    assert found["index-url"] == "https://a.example/simple"


def test_the_environment_outdoes_pip_conf(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nindex-url = https://a.example/simple\n")
    environ = {"PIP_CONFIG_FILE": str(file), "PIP_INDEX_URL": "https://b.example/"}

    found = pip_wheel.settings(environ, tmp_path)

    assert pip_wheel.indexes(found) == ["https://b.example/"]


def test_without_settings_the_default_index_is_asked() -> None:
    assert pip_wheel.indexes({}) == [pip_wheel.DEFAULT_INDEX]


def test_the_stamp_names_the_hash_of_each_file(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("a==1\n")
    stamp = tmp_path / ".stamp"
    stamp.write_text(bootstrap.wanted_stamp([file]))

    assert bootstrap.is_ready([file], stamp)


def test_a_changed_file_is_installed_again(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("a==1\n")
    stamp = tmp_path / ".stamp"
    stamp.write_text(bootstrap.wanted_stamp([file]))
    file.write_text("a==2\n")

    assert not bootstrap.is_ready([file], stamp)


def test_an_environment_for_tests_serves_as_well(tmp_path: Path) -> None:
    run, dev = tmp_path / "requirements.txt", tmp_path / "requirements-dev.txt"
    run.write_text("a==1\n")
    dev.write_text("b==1\n")
    stamp = tmp_path / ".stamp"
    stamp.write_text(bootstrap.wanted_stamp([run, dev]))

    assert bootstrap.is_ready([run], stamp)


def test_the_start_needs_the_standard_library_alone() -> None:
    script = (
        "import sys; sys.path.insert(0, '.')\n"
        "import hwbpweb.bootstrap, hwbpweb.up, hwbpweb.checks, hwbpweb.supervisor\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in "
        "('django', 'celery', 'redis', 'numpy', 'emulator', 'sessions_app')))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script],
        cwd=PROJECT_DIR,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"


def copy_of_the_start(folder: Path) -> Path:
    """A project that has manage.py, the bootstrap and one tiny requirement."""
    (folder / "hwbpweb").mkdir(parents=True)
    for name in ("bootstrap.py", "pip_wheel.py", "__init__.py"):
        shutil.copy(PROJECT_DIR / "hwbpweb" / name, folder / "hwbpweb")
    shutil.copy(PROJECT_DIR / "manage.py", folder)
    package = folder / "tiny"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[project]\nname = "tiny"\nversion = "1"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (package / "backend.py").write_text(_BACKEND)
    (folder / "requirements.txt").write_text(f"{package}\n")
    (folder / "hwbpweb" / "commands.py").write_text(
        "import sys, tiny\nprint(sys.prefix, tiny.__name__, sys.argv[1:])\n"
    )
    return folder


_BACKEND = """
import zipfile
from pathlib import Path

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder) / name, "w") as wheel:
        wheel.writestr("tiny.py", "")
        info = "tiny-1.dist-info/"
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""


def managed(project: Path, *words: str, python: str = sys.executable) -> str:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environ["PIP_NO_INDEX"] = "1"
    done = subprocess.run(
        [python, "manage.py", *words],
        cwd=project,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.processes
def test_a_first_command_makes_the_environment_and_runs_there(tmp_path: Path) -> None:
    project = copy_of_the_start(tmp_path / "project")

    said = managed(project, "anything", "--at", "all")

    assert said.split() == [
        str(project / ".venv"),
        "tiny",
        "['anything',",
        "'--at',",
        "'all']",
    ]


@pytest.mark.processes
def test_a_second_command_installs_nothing(tmp_path: Path) -> None:
    project = copy_of_the_start(tmp_path / "project")
    managed(project, "one")
    stamp = (project / ".venv" / ".stamp").stat().st_mtime_ns
    shutil.rmtree(project / "tiny")

    managed(project, "two")

    assert (project / ".venv" / ".stamp").stat().st_mtime_ns == stamp
