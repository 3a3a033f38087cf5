"""A page's script, with all modules that it imports asked for at once."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_IMPORT = re.compile(r'^(?:import|export)\b[^"]*"(\.[^"]+)";', re.MULTILINE)


@register.simple_tag
def module(name: str) -> SafeString:
    """The script element for a module of the static files, and a preload for each module
    below it: a browser that learns of them one level after the other waits for each."""
    preloads = format_html_join(
        "",
        '<link rel="modulepreload" href="{}">',
        ((static(n),) for n in imports(name)),
    )
    script = format_html('<script type="module" src="{}"></script>', static(name))
    return SafeString(preloads + script)


@cache
def imports(name: str) -> tuple[str, ...]:
    """What a module imports, directly and below; each once, the nearest first."""
    found: dict[str, None] = {}
    waiting = [name]
    for each in waiting:
        for below in _of_one(each):
            if below != name and below not in found:
                found[below] = None
                waiting.append(below)
    return tuple(found)


def _of_one(name: str) -> list[str]:
    path = finders.find(name)
    if not isinstance(path, str):
        raise LookupError(f"no static file {name}")
    folder = posixpath.dirname(name)
    text = Path(path).read_text(encoding="utf-8")
    return [posixpath.normpath(f"{folder}/{to}") for to in _IMPORT.findall(text)]
