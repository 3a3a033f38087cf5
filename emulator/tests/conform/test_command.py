"""``python -m emulator conform`` as a user types it."""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.conform import main
from emulator.tests.conform.recording import FILE, known_deviations, vectors

TOP = Path(__file__).parents[3]


def conform(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "emulator", "conform", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=TOP,
    )


@pytest.fixture(scope="module")
def replayed() -> subprocess.CompletedProcess[str]:
    """The whole recording."""
    return conform(FILE, "--list-deviations")


def test_a_replay_has_status_zero(replayed: subprocess.CompletedProcess[str]) -> None:
    assert (replayed.returncode, replayed.stderr) == (0, "")


def test_the_last_line_is_the_figure(
    replayed: subprocess.CompletedProcess[str],
) -> None:
    assert replayed.stdout.splitlines()[-1] == "agree 590 of 595 (9 not applicable)"


def test_the_document_states_the_figure(
    replayed: subprocess.CompletedProcess[str],
) -> None:
    document = (TOP / "docs" / "conformance.md").read_text("utf-8")

    assert f"`{replayed.stdout.splitlines()[-1]}`" in document


def test_deviations_are_listed_by_name(
    replayed: subprocess.CompletedProcess[str],
) -> None:
    names = {line.split(": ")[0] for line in replayed.stdout.splitlines()[:-1]}

    assert names == known_deviations()


def test_a_plain_json_file_is_read(tmp_path: Path) -> None:
    plain = tmp_path / "vectors.json"
    plain.write_bytes(lzma.decompress(FILE.read_bytes()))

    done = conform(plain, "--category", "loops")

    assert done.stdout == "agree 7 of 7 (0 not applicable)\n"


def test_one_vector_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(FILE), "--name", "exec/icebp"])

    assert capsys.readouterr().out == "agree 0 of 1 (0 not applicable)\n"


def test_a_missing_file_has_status_two() -> None:
    done = conform("missing.json")

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="truncated"),
        pytest.param(b"\xff\xfe\x00", id="not-text"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b"{}", id="no-vectors"),
        pytest.param(b'{"vectors": 5}', id="vectors-a-number"),
        pytest.param(b'{"vectors": [5]}', id="a-vector-a-number"),
        pytest.param(b'{"vectors": [{"name": "x"}]}', id="a-vector-without-members"),
        pytest.param(b"[" * 100_000, id="deeply-nested"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)

    status = main([str(path)])

    lines = capsys.readouterr().err.splitlines()
    assert (status, len(lines), "bad.json" in lines[0]) == (2, 1, True)


def test_a_bad_compressed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.json.xz"
    path.write_bytes(b"not xz")

    assert main([str(path)]) == 2


@pytest.mark.parametrize("member", ["code", "native", "seq", "regs"])
def test_a_vector_without_a_member_is_refused(tmp_path: Path, member: str) -> None:
    vector = {n: v for n, v in vectors()["exec/icebp"].items() if n != member}
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({"vectors": [vector]}))

    assert main([str(path)]) == 2


@pytest.mark.parametrize("member", ["code", "native", "regs", "actions", "data"])
def test_a_vector_with_a_senseless_member_is_refused(
    tmp_path: Path, member: str
) -> None:
    vector = {**vectors()["exec/icebp"], member: "nonsense"}
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({"vectors": [vector]}))

    assert main([str(path)]) == 2
