"""Starting the service in a process of its own and looking at what is left of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent.parent
_READY = re.compile(r"Sign in once with\s+(http://\S+)")
_MARK = "HWBPWEB_DATA"


def wait_for(condition: Callable[[], object], seconds: float = 30.0) -> bool:
    """Whether the condition becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Service:
    """``manage.py up`` with a data folder of its own."""

    def __init__(self, data: Path, *options: str, **environ: str) -> None:
        self.data = data
        self.lines: list[str] = []
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("REDIS_URL", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
        }
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", "0", *options],
            cwd=PROJECT_DIR,
            env=inherited | {_MARK: str(data)} | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line)

    @property
    def text(self) -> str:
        """All that it said."""
        return "".join(self.lines)

    @property
    def login_url(self) -> str:
        """The one-time link, once it is ready."""
        assert wait_for(lambda: _READY.search(self.text), 60), self.text
        match = _READY.search(self.text)
        assert match is not None
        return match[1]

    @property
    def base_url(self) -> str:
        """Without a slash at the end."""
        return self.login_url.split("/login/")[0]

    def processes(self) -> dict[int, str]:
        """All living processes that were started with this data folder."""
        found = {}
        needle = f"{_MARK}={self.data}".encode()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or not is_alive(int(entry.name)):
                continue
            try:
                if needle in (entry / "environ").read_bytes().split(b"\0"):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(entry.name)] = command.decode()
            except OSError:
                continue
        return found

    def pid_of(self, word: str) -> int:
        """The process group leader whose command has a word in it."""
        found = [
            pid
            for pid, command in self.processes().items()
            if word in command and os.getpgid(pid) == pid
        ]
        assert len(found) == 1, (word, self.processes())
        return found[0]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(30)
        self._reader.join(5)
        return status
