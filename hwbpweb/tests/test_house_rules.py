"""Rules of the house that a machine can check."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import emulator
from emulator.errors import EmulatorError
from hwbpweb.celery import app
from sessions_app import dispatch, errors, stream, tasks

PROJECT_DIR = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("emulator", "sessions_app", "hwbpweb", "hwbp", "bench", "tools")
MAX_LINES = 500
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
#: Modules that are a table of constants.
TABLES: set[str] = set()
#: Layers of the emulator that stand for a file of Linux.
LINUX_LAYERS = ("core", "arch", "kgdb")
_LINUX_FILE = re.compile(
    r"\b(?:kernel|arch|include|linux|mm|drivers|fs)/[\w./-]+\.[chS]\b"
)
_FROM_ENVIRONMENT = re.compile(
    r'environ(?:\.get\(|\.setdefault\(|\[)\s*"([A-Z_]*[A-Z])"'
)
_BY_FUNCTION = re.compile(r'(?<![a-z])_(?:flag|list)\(\s*"([A-Z_]+)"')
#: Set by the system or by us for our own children, not by an operator.
NOT_SETTINGS = {
    "DJANGO_SETTINGS_MODULE",
    "HWBPWEB_BOOTSTRAPPED",
    "PYTHONUNBUFFERED",
    "PATH",
    "HOME",
    "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME",
}


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((PROJECT_DIR / package).rglob("*.py")):
            if "migrations" not in path.parts and "__pycache__" not in path.parts:
                yield path


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT_DIR))


def in_tests(path: Path) -> bool:
    return "tests" in path.relative_to(PROJECT_DIR).parts


def modules_of(package: str) -> list[Path]:
    folder = PROJECT_DIR / "emulator" / package
    return [
        path
        for path in sorted(folder.rglob("*.py"))
        if path.name != "__init__.py" and not in_tests(path)
    ]


def subclasses(root: type) -> set[type]:
    found = set(root.__subclasses__())
    return found.union(*(subclasses(child) for child in found))


def test_no_file_is_too_long() -> None:
    long = {
        name(path): lines
        for path in sources()
        if (lines := len(path.read_text().splitlines())) > MAX_LINES
        and name(path) not in TABLES
    }

    assert long == {}


def test_no_module_is_named_after_nothing() -> None:
    assert [name(p) for p in sources() if p.stem in FORBIDDEN_NAMES] == []


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, id=name(p)) for part in LINUX_LAYERS for p in modules_of(part)],
)
def test_a_module_of_the_kernel_names_its_linux_file(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    first = docstring.split("\n\n", 1)[0]

    assert _LINUX_FILE.search(first), f"{name(path)} names no Linux file"


def settings_read() -> set[str]:
    found: set[str] = set()
    for path in sources():
        if in_tests(path):
            continue
        text = path.read_text()
        found.update(_FROM_ENVIRONMENT.findall(text))
        found.update(_BY_FUNCTION.findall(text))
    return found - NOT_SETTINGS


def test_each_setting_of_the_environment_is_documented() -> None:
    documented = (PROJECT_DIR / "docs" / "operations.md").read_text()

    assert [s for s in sorted(settings_read()) if f"`{s}`" not in documented] == []


def test_each_documented_setting_exists() -> None:
    text = (PROJECT_DIR / "docs" / "operations.md").read_text()
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))

    assert table - settings_read() == set()


def test_each_kind_of_frame_is_documented() -> None:
    documented = (PROJECT_DIR / "docs" / "stream.md").read_text()

    assert [k.name for k in stream.FrameKind if f"`{k.name}`" not in documented] == []


def test_each_job_is_registered() -> None:
    assert tasks.app is app
    assert [job for job in dispatch.JOB_NAMES if job not in app.tasks] == []


def test_the_emulator_does_not_load_the_web() -> None:
    names = [
        module.name
        for module in pkgutil.walk_packages(emulator.__path__, "emulator.")
        if ".tests" not in module.name
        and not module.name.endswith(("__main__", ".confine", ".build"))
    ]
    script = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "web = ('django', 'celery', 'channels', 'redis', 'rest_framework')\n"
        "print([m for m in sys.modules if m.split('.')[0] in web])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT_DIR,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"


def product_errors(root: type) -> list[type]:
    for path in sources():
        if (
            not in_tests(path)
            and path.stem != "__main__"
            and "Error" in path.read_text()
        ):
            module = name(path).removesuffix(".py").replace("/", ".")
            if module.startswith(root.__module__.split(".")[0]):
                importlib.import_module(module.removesuffix(".__init__"))
    return sorted(
        (c for c in subclasses(root) if ".tests." not in c.__module__),
        key=lambda c: c.__name__,
    )


@pytest.mark.parametrize("root", [errors.DomainError, EmulatorError])
def test_each_error_has_a_docstring_and_a_code_of_its_own(root: type) -> None:
    found = product_errors(root)
    codes = [vars(error).get("code") for error in found]

    assert [e.__name__ for e in found if not e.__doc__] == []
    assert None not in codes
    assert len(set(codes)) == len(codes)


def test_no_model_calls_a_signal() -> None:
    """Behaviour is in services; receivers of save() hide it."""
    receivers = [
        name(path)
        for path in sources()
        if not in_tests(path)
        and re.search(r"\b(?:pre|post)_(?:save|delete)\b", path.read_text())
    ]

    assert receivers == []


def test_no_template_has_inline_code_or_names_another_host() -> None:
    """The content security policy would block it in front of the user."""
    wrong = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>|<style|"
        r"\sstyle=|\son\w+=|(?:src|href)=\"(?:https?:)?//"
    )
    templates = sorted((PROJECT_DIR / "templates").rglob("*.html"))

    assert templates
    assert {
        name(t): m[0] for t in templates if (m := wrong.search(t.read_text()))
    } == {}


def test_requirements_are_pinned_and_name_no_address() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        lines = [
            line
            for line in (PROJECT_DIR / file).read_text().splitlines()
            if line and not line.startswith((" ", "#"))
        ]

        assert [line for line in lines if "==" not in line] == [], file
        assert [line for line in lines if "://" in line or "@" in line] == [], file


def test_a_redis_client_is_made_in_one_place() -> None:
    """One made elsewhere brings back the 5 s timeout of redis-py 8."""
    made = [
        name(path)
        for path in sources()
        if not in_tests(path)
        and re.search(r"Redis\.from_url|redis\.Redis\(|from_url\(", path.read_text())
    ]

    assert made == ["hwbpweb/redis.py"]
