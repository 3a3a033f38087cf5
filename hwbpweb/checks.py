"""``manage.py test``: all checks, the fast ones first. Standard library only.

Without arguments everything runs, as in CI. With arguments only pytest runs, with these
arguments: ``manage.py test sessions_app -k lease``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent
PACKAGES = ("emulator", "sessions_app", "hwbpweb")
_BIN = Path(sys.executable).parent
_PYTHON = sys.executable
_SEED = "HWBPWEB_TEST_SEED"
_DJANGO = (_PYTHON, "-m", "hwbpweb.commands")
#: `check --deploy` looks at the settings of a server behind TLS.
_PRODUCTION = {
    "DEBUG": "0",
    "HWBPWEB_HTTPS": "1",
    "ALLOWED_HOSTS": "hwbp.example",
    "SECRET_KEY": "check-only-" + "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
}


@dataclass(frozen=True)
class Check:
    """One command and what it is called."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)


def packages() -> list[str]:
    """The typed packages that are there."""
    names = (*PACKAGES, "hwbp")
    return [name for name in names if (PROJECT_DIR / name / "__init__.py").exists()]


def checks() -> list[Check]:
    """In the order fast to slow."""
    return [
        Check("format", [str(_BIN / "ruff"), "format", "--check", "."]),
        Check("lint", [str(_BIN / "ruff"), "check", "."]),
        Check("imports", [str(_BIN / "lint-imports")]),
        Check("migrations", [*_DJANGO, "makemigrations", "--check", "--dry-run"]),
        Check(
            "deployment",
            [*_DJANGO, "check", "--deploy", "--fail-level", "WARNING"],
            _PRODUCTION,
        ),
        Check("types", [_PYTHON, "-m", "mypy", *packages()]),
        pytest([*_shared(), *_order(), "--durations", "25"]),
    ]


def _shared() -> list[str]:
    """Processes share the tests: many of them wait for a browser or a server. A file's
    tests stay together, for they share what they started, and files come in conftest's
    order: the one that takes longest first, for nobody shall wait for it alone."""
    processes = max(2, min(4, (os.cpu_count() or 1) + 1))
    return ["-n", str(processes), "--dist", "loadfile", "--no-loadscope-reorder"]


def _order() -> list[str]:
    """Shuffled, but every time alike: what passed here passes elsewhere, and a failure
    comes back. ``HWBPWEB_TEST_SEED`` asks for another order."""
    return [f"--randomly-seed={os.environ.get(_SEED, '1')}"]


def pytest(arguments: Sequence[str]) -> Check:
    """The tests, with warnings as errors and in random order. A file that nobody closed
    is told of when the garbage is collected, in whatever test that happens: it warns."""
    strict = ["-W", "error", "-W", "default::ResourceWarning"]
    return Check("tests", [_PYTHON, "-m", "pytest", *strict, *arguments])


def run(check: Check) -> bool:
    """Run one check in the foreground; whether it passed."""
    sys.stdout.write(f"== {check.name}: {' '.join(map(str, check.command[-6:]))}\n")
    sys.stdout.flush()
    began = time.monotonic()
    environ = {**os.environ, "PYTHONPATH": str(PROJECT_DIR), **check.environ}
    passed = (
        subprocess.run(
            check.command, cwd=PROJECT_DIR, env=environ, check=False
        ).returncode
        == 0
    )
    word = "ok" if passed else "FAILED"
    sys.stdout.write(f"== {check.name}: {word} ({time.monotonic() - began:.0f} s)\n")
    sys.stdout.flush()
    return passed


def main(arguments: Sequence[str]) -> int:
    """The command. All checks run, so that one round tells everything."""
    wanted = [pytest(arguments)] if arguments else checks()
    failed = [check.name for check in wanted if not run(check)]
    if failed:
        sys.stdout.write(f"Failed: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
