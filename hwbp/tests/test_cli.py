"""Exit statuses, and where words go."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hwbp.cli import main


@pytest.fixture(autouse=True)
def nowhere(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("HWBP_URL", "HWBP_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--url", "http://127.0.0.1:9", "--token", "x", "watch", "RUN"], 3),
        (["watch", "RUN"], 2),
        (["--url", "nonsense", "--token", "x", "watch", "RUN"], 2),
    ],
)
def test_each_failure_has_its_status(
    arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == status
    assert capsys.readouterr().err.startswith("hwbp: ")


@pytest.mark.parametrize(
    "command",
    ["login", "run", "gdb", "watch", "events", "export", "compare", "matrix"],
)
def test_each_command_has_a_help(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])

    assert (left.value.code, f"hwbp {command}" in capsys.readouterr().out) == (0, True)


def test_the_client_loads_nothing_of_the_server() -> None:
    script = (
        "import sys, hwbp.cli\n"
        "server = ('django', 'emulator', 'sessions_app', 'hwbpweb', 'redis', 'numpy')\n"
        "print([m for m in sys.modules if m.split('.')[0] in server])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
