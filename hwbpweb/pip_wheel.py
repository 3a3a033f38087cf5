"""Fetches pip's wheel from the configured package index. Standard library only.

For a bare Debian python3, which has neither ensurepip nor pip. The index is the one that
pip itself would ask: PIP_INDEX_URL, pip.conf, or the default. What is fetched is used
only if its SHA-256 is the one that the index gives.
"""

from __future__ import annotations

import base64
import configparser
import hashlib
import json
import os
import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

DEFAULT_INDEX = "https://pypi.org/simple"
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
_WHEEL = re.compile(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl\Z")
_TIMEOUT = 60
_MAX_BYTES = 32 << 20


class NoPip(Exception):
    """pip could not be had; the text says why."""


class Link:
    """A file that the index lists."""

    def __init__(
        self, name: str, url: str, sha256: str, requires: str = "", yanked: bool = False
    ) -> None:
        self.name = name
        self.url = url
        self.sha256 = sha256
        self.requires = requires
        self.yanked = yanked

    @property
    def version(self) -> tuple[int, ...]:
        match = _WHEEL.match(self.name)
        return tuple(int(n) for n in match.group(1).split(".")) if match else ()

    def fits(self) -> bool:
        if self.yanked or not self.version or not self.sha256:
            return False
        least = re.search(r">=\s*(\d+)\.(\d+)", self.requires)
        return not least or sys.version_info >= (int(least[1]), int(least[2]))


class _Anchors(HTMLParser):
    """The links of a simple index in HTML (PEP 503)."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.links: list[Link] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag != "a" or not found.get("href"):
            return
        url = urllib.parse.urljoin(self.base, found["href"] or "")
        plain, _, fragment = url.partition("#")
        name = urllib.parse.unquote(plain.rsplit("/", 1)[-1])
        digest = fragment[len("sha256=") :] if fragment.startswith("sha256=") else ""
        requires = found.get("data-requires-python") or ""
        self.links.append(Link(name, plain, digest, requires, "data-yanked" in found))


def config_files(environ: dict[str, str], home: Path) -> list[Path]:
    """Where pip keeps its settings, the weakest first."""
    shared = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    files = [Path(d) / "pip" / "pip.conf" for d in reversed(shared.split(":")) if d]
    files.append(Path("/etc/pip.conf"))
    files.append(home / ".pip" / "pip.conf")
    own = environ.get("XDG_CONFIG_HOME")
    files.append((Path(own) if own else home / ".config") / "pip" / "pip.conf")
    files.append(home / "Library" / "Application Support" / "pip" / "pip.conf")
    if environ.get("PIP_CONFIG_FILE"):
        files.append(Path(environ["PIP_CONFIG_FILE"]))
    return files


def settings(environ: dict[str, str], home: Path) -> dict[str, str]:
    """index-url, extra-index-url and cert as pip would find them."""
    found: dict[str, str] = {}
    for file in config_files(environ, home):
        parser = configparser.RawConfigParser()
        try:
            parser.read(str(file), encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update(parser.items(section))
    for name in ("index-url", "extra-index-url", "cert"):
        value = environ.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            found[name] = value
    return found


def indexes(found: dict[str, str]) -> list[str]:
    """Addresses to ask, in order."""
    first = found.get("index-url") or DEFAULT_INDEX
    return [first, *found.get("extra-index-url", "").split()]


def read_listing(data: bytes, content_type: str, url: str) -> list[Link]:
    """The files of a project page, JSON (PEP 691) or HTML."""
    if "json" in content_type:
        return [
            Link(
                file["filename"],
                urllib.parse.urljoin(url, file["url"]),
                file.get("hashes", {}).get("sha256", ""),
                file.get("requires-python") or "",
                bool(file.get("yanked")),
            )
            for file in json.loads(data.decode())["files"]
        ]
    anchors = _Anchors(url)
    anchors.feed(data.decode("utf-8", "replace"))
    return anchors.links


def _open(url: str, context: ssl.SSLContext) -> tuple[bytes, str]:
    parts = urllib.parse.urlsplit(url)
    headers = {"Accept": _ACCEPT}
    if parts.username:
        user = urllib.parse.unquote(parts.username)
        word = urllib.parse.unquote(parts.password or "")
        mark = base64.b64encode(f"{user}:{word}".encode()).decode()
        headers["Authorization"] = "Basic " + mark
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=_TIMEOUT, context=context) as answer:
        data = answer.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise NoPip("the index sends more than a wheel of pip has")
        return data, answer.headers.get("Content-Type", "")


def _newest(url: str, context: ssl.SSLContext) -> Link:
    page = url.rstrip("/") + "/pip/"
    if page.startswith("file:"):
        page += "index.html"
    data, content_type = _open(page, context)
    fitting = [link for link in read_listing(data, content_type, page) if link.fits()]
    if not fitting:
        raise NoPip("the index lists no wheel of pip with a hash for this Python")
    return max(fitting, key=lambda link: link.version)


def fetch(folder: Path, environ: dict[str, str] | None = None) -> Path:
    """Put pip's newest wheel into folder. Raises NoPip."""
    surroundings = dict(os.environ) if environ is None else environ
    found = settings(surroundings, Path.home())
    context = ssl.create_default_context(cafile=found.get("cert") or None)
    problems = []
    for url in indexes(found):
        try:
            link = _newest(url, context)
            data = _open(link.url, context)[0]
        except (OSError, ValueError, KeyError, NoPip) as error:
            problems.append(str(error))
            continue
        if hashlib.sha256(data).hexdigest() != link.sha256:
            raise NoPip(f"{link.name}: the hash is not the index's")
        wheel = folder / link.name
        wheel.write_bytes(data)
        return wheel
    raise NoPip("; ".join(problems))
