"""Modules of a page are asked for at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.templatetags.static import static

from hwbpweb.settings import BASE_DIR
from sessions_app.templatetags.modules import imports, module

_SCRIPTS = BASE_DIR / "static"


def test_every_import_of_every_module_is_seen() -> None:
    """Counted the plain way: addresses behind from or a bare import."""
    for path in sorted(_SCRIPTS.glob("js/**/*.js")):
        text = path.read_text()
        told = re.findall(r'(?:from|^import) "([^"]+)"', text, re.MULTILINE)
        name = path.relative_to(_SCRIPTS).as_posix()
        wanted = {(path.parent / to).resolve() for to in told} - {path}
        assert wanted <= {_SCRIPTS / each for each in imports(name)}, name


def test_what_is_below_is_asked_for_before_the_script() -> None:
    text = module("js/session.js")

    preload = f'<link rel="modulepreload" href="{static("js/timeline/look.js")}">'
    assert 0 <= text.index(preload) < text.index("<script")


def test_each_is_asked_for_once() -> None:
    found = imports("js/session.js")

    assert len(found) == len(set(found))
    assert all(Path(_SCRIPTS / name).is_file() for name in found)


def test_a_script_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LookupError, match="nowhere"):
        imports("js/nowhere.js")
