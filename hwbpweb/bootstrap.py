"""From a bare python3 to the project's own environment. Standard library only.

manage.py comes through here with every command: the first time .venv is made and
requirements.txt installed; later only a stamp is compared. Then the command runs under
.venv's Python. Written so that an old Python can read it far enough to say so.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hwbpweb import pip_wheel

PROJECT_DIR = Path(__file__).resolve().parent.parent
VENV_DIR = PROJECT_DIR / ".venv"
PYTHON = VENV_DIR / "bin" / "python"
STAMP = VENV_DIR / ".stamp"

OLDEST = (3, 11)
_NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
_GUARD = "HWBPWEB_BOOTSTRAPPED"

#: Commands with a module of their own; the others are Django's.
_OWN = {"up": "hwbpweb.up", "test": "hwbpweb.checks", "bench": "bench"}


def say(text: str) -> None:
    """To the person at the terminal."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main(argv: list[str]) -> None:
    """Run a command of manage.py in the right environment."""
    if sys.version_info < OLDEST:
        _find_newer(argv)
    command = argv[1] if len(argv) > 1 else ""
    if not os.environ.get("HWBPWEB_NO_VENV"):
        names = ["requirements.txt"]
        if command == "test":
            names.append("requirements-dev.txt")
        _enter([PROJECT_DIR / name for name in names], argv)
    runpy.run_module(_OWN.get(command, "hwbpweb.commands"), run_name="__main__")


def _find_newer(argv: list[str]) -> None:
    for name in _NEWER:
        path = shutil.which(name)
        if path:
            os.execv(path, [path, *argv])
    wanted = ".".join(str(n) for n in OLDEST)
    sys.exit(f"hwbpweb needs Python {wanted} or newer; none is on PATH.")


def wanted_stamp(files: list[Path]) -> str:
    """One line per requirements file: its SHA-256 and name."""
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
        for file in files
    )


def is_ready(files: list[Path], stamp: Path) -> bool:
    """Whether what the files ask for was installed under the stamp's environment."""
    if not stamp.exists():
        return False
    installed = stamp.read_text().splitlines()
    return all(line in installed for line in wanted_stamp(files).splitlines())


def _enter(files: list[Path], argv: list[str]) -> None:
    """Return if this process runs in a ready .venv; else make one ready and go there."""
    inside = Path(sys.prefix).resolve() == VENV_DIR.resolve()
    if not (inside and is_ready(files, STAMP)):
        if not is_ready(files, STAMP) or not PYTHON.exists():
            with _alone():
                if not is_ready(files, STAMP) or not PYTHON.exists():
                    _prepare(files)
        if os.environ.get(_GUARD) == "1":
            sys.exit(
                "The environment in .venv does not start; remove it and try again."
            )
        os.environ[_GUARD] = "1"
        os.execv(str(PYTHON), [str(PYTHON), *argv])
    os.environ.pop(_GUARD, None)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two first starts at once: the second waits, then finds all done."""
    with (PROJECT_DIR / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare(files: list[Path]) -> None:
    if not _works(PYTHON):
        say("Making .venv ...")
        subprocess.check_call(
            [sys.executable, "-m", "venv", "--without-pip", "--clear", str(VENV_DIR)]
        )
    if STAMP.exists():
        STAMP.unlink()
    say("Installing {} ...".format(" and ".join(f.name for f in files)))
    arguments: list[str] = []
    for file in files:
        arguments += ["-r", str(file)]
    with tempfile.TemporaryDirectory() as folder:
        try:
            pip = find_pip(Path(folder))
        except pip_wheel.NoPip as error:
            say(f"pip cannot be fetched: {error}")
            sys.exit(
                "Install pip first; on Debian and Ubuntu: apt install python3-venv"
            )
        status = subprocess.call(
            [*pip, "install", "-q", "--no-input", "--disable-pip-version-check"]
            + arguments
        )
    if status:
        sys.exit("pip could not install the requirements (its words stand above).")
    STAMP.write_text(wanted_stamp(files))


def _works(python: Path) -> bool:
    return python.exists() and _succeeds([str(python), "-c", "pass"])


def _succeeds(command: list[str]) -> bool:
    quiet = subprocess.DEVNULL
    return subprocess.call(command, stdout=quiet, stderr=quiet) == 0


def find_pip(folder: Path) -> list[str]:
    """A command that installs into .venv. Raises pip_wheel.NoPip.

    The environment's own pip; ensurepip; this Python's pip; a wheel from the index.
    """
    own = [str(PYTHON), "-m", "pip"]
    if _succeeds([*own, "--version"]):
        return own
    if _succeeds([str(PYTHON), "-m", "ensurepip", "--default-pip"]):
        return own
    outer = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    if _succeeds([*outer, "--version"]):
        return outer
    say("This Python has no pip; fetching its wheel ...")
    wheel = pip_wheel.fetch(folder)
    return [str(PYTHON), str(wheel / "pip")]
