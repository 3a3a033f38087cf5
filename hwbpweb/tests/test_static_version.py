"""Static files have their version in the address."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.templatetags.static import static
from django.test import Client

from hwbpweb.static_version import static_version


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files and a list of packages."""
    (tmp_path / "static" / "js").mkdir(parents=True)
    (tmp_path / "static" / "js" / "a.js").write_text("one")
    (tmp_path / "static" / "b.css").write_text("two")
    (tmp_path / "requirements.txt").write_text("django==5")
    return tmp_path


def version(folder: Path) -> str:
    return static_version(folder / "static", folder / "requirements.txt")


def test_the_same_files_have_the_same_version(folder: Path) -> None:
    assert version(folder) == version(folder)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("static/js/a.js", "three"),
        ("static/js/c.js", "one"),
        ("requirements.txt", "django==6"),
    ],
)
def test_another_file_is_another_version(folder: Path, name: str, text: str) -> None:
    before = version(folder)

    (folder / name).write_text(text)

    assert version(folder) != before


def test_a_file_that_moved_is_another_version(folder: Path) -> None:
    before = version(folder)

    (folder / "static" / "b.css").rename(folder / "static" / "js" / "b.css")

    assert version(folder) != before


def test_a_browser_keeps_them_for_good() -> None:
    answer = Client().get(static("js/session.js"))

    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]


def test_an_older_version_is_not_served_in_its_place() -> None:
    assert Client().get("/static/000000000000/js/session.js").status_code == 404
