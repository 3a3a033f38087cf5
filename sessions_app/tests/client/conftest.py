"""A whole installation, and a client that has nothing of it: another user of the system
where that can be had, another folder, its own copy of the package, an address and a token."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import websockets

from hwbpweb.tests.processes import PROJECT_DIR, Service
from sessions_app.tests.browser.rest import Api, api_token

NOBODY = 65534
#: Debian's own Python: one that every user may run.
SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Web, two workers and Valkey."""
    started = Service(tmp_path_factory.mktemp("client") / "data", "--workers", "2")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def api(service: Service) -> Api:
    """The owner's scripts."""
    return Api(service.base_url, api_token(service.login_url))


@dataclass
class Client:
    """Runs hwbp."""

    folder: Path
    url: str
    token: str
    prefix: tuple[str, ...] = ()
    python: str = sys.executable

    def command(self, *arguments: str) -> list[str]:
        """Without the token: that is in the environment."""
        return [*self.prefix, self.python, "-m", "hwbp", *arguments]

    @property
    def environ(self) -> dict[str, str]:
        """All that the client knows."""
        return {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HWBP_URL": self.url,
            "HWBP_TOKEN": self.token,
        }

    def __call__(
        self, *arguments: str, seconds: float = 60, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end. Its stdin stays open: at the end of that gdb would be gone."""
        stdin, kept_open = os.pipe()
        try:
            return subprocess.run(
                self.command(*arguments),
                cwd=self.folder,
                env=self.environ | environ,
                stdin=stdin,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        finally:
            os.close(stdin)
            os.close(kept_open)

    def pipe(self, *arguments: str) -> str:
        """For gdb's ``target remote |``."""
        return shlex.join(self.command(*arguments))


def _other_user() -> tuple[tuple[str, ...], str] | None:
    """A prefix that becomes nobody, and a Python for it."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() or setpriv is None or not Path(SYSTEM_PYTHON).exists():
        return None
    asked = [SYSTEM_PYTHON, "-c", "import sys; print(sys.version_info >= (3, 11))"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    user = f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"
    return ((setpriv, *user), SYSTEM_PYTHON) if "True" in done.stdout else None


@pytest.fixture(scope="module")
def hwbp(service: Service, api: Api) -> Iterator[Client]:
    """The client."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for package in (PROJECT_DIR / "hwbp", Path(websockets.__file__).parent):
            ignored = shutil.ignore_patterns("tests", "__pycache__")
            shutil.copytree(package, folder / package.name, ignore=ignored)
        client = Client(folder, service.base_url, api._token)
        other = _other_user()
        if other is not None:
            client.prefix, client.python = other
        yield client
