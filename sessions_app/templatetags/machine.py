"""Formatting of what a machine said: hex in groups, counts, times, icons. No logic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_THIN = "\u202f"
_QUIET = frozenset({"0000", "ffff"})


@register.filter
def grouped(value: object) -> str:
    """``118 204`` with narrow spaces; an absent count is empty."""
    return f"{value:,}".replace(",", _THIN) if isinstance(value, int) else ""


@register.filter
def seconds(nanoseconds: int) -> str:
    """``1.450 082 006``: the fraction in groups of three, nothing rounded."""
    whole, rest = divmod(nanoseconds, 1_000_000_000)
    digits = f"{rest:09d}"
    return f"{whole}.{digits[:3]}{_THIN}{digits[3:6]}{_THIN}{digits[6:]}"


@register.filter
def hexadecimal(value: int) -> str:
    """``0x…`` for sentences and attributes."""
    return f"{value:#x}"


@register.filter
def byte(value: int) -> str:
    """Two digits."""
    return f"{value:02x}"


def _digits(value: int, digits: int) -> list[str]:
    text = f"{value & (1 << 4 * digits) - 1:0{digits}x}"
    return [text[at : at + 4] for at in range(0, digits, 4)]


@register.filter
def hx(value: int, digits: int = 16) -> SafeString:
    """Hex in groups of four spaced by margin; leading 0000 and ffff are dimmed."""
    groups = _digits(value, digits)
    lead = True
    pieces: list[tuple[str, str]] = []
    for group in groups:
        lead = lead and digits == 16 and group in _QUIET and len(pieces) < 3
        pieces.append(("hi" if lead else "", group))
    inner = format_html_join(
        "",
        "{}{}</i>",
        ((mark_safe(f'<i class="{c}">' if c else "<i>"), g) for c, g in pieces),
    )
    return format_html('<span class="hx">{}</span>', inner)


@register.filter
def symbol(text: str) -> SafeString:
    """A symbol that, in too small a place, loses the end of its name: the offset says
    more."""
    name, plus, offset = text.partition("+")
    inner = format_html("<span>{}</span><span>{}</span>", name, plus + offset)
    return format_html('<span class="fn-at">{}</span>', inner)


_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*([^*`]+)\*\*")


@register.filter
def code_spans(text: str) -> SafeString:
    """`words` of a README as code; everything else escaped."""
    escaped = conditional_escape(text)
    return mark_safe(_CODE.sub(r"<code>\1</code>", escaped))


@register.filter
def prose(text: str) -> SafeString:
    """The text of a README: paragraphs, `code` and **bold**; everything else escaped."""
    paragraphs = (p for p in re.split(r"\n\s*\n", text.strip()) if p)
    return format_html_join(
        "\n",
        "<p>{}</p>",
        ((mark_safe(_BOLD.sub(r"<b>\1</b>", code_spans(p))),) for p in paragraphs),
    )


@register.filter
def switch_value(value: object) -> str:
    """The value of a switch as a recipe spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@register.filter
def identifier(value: str) -> SafeString:
    """The first sixteen digits of a hash, in groups of four."""
    groups = [value[at : at + 4] for at in range(0, min(16, len(value)), 4)]
    inner = format_html_join("", "<i>{}</i>", ((g,) for g in groups))
    return format_html('<span class="hx" title="{}">{}</span>', value, inner)


def _changed(old: str, new: str) -> SafeString:
    return format_html_join(
        "",
        "{}",
        (
            (n if o == n else format_html('<em class="chg">{}</em>', n),)
            for o, n in zip(old, new, strict=True)
        ),
    )


@register.simple_tag
def delta(old: int, new: int, digits: int = 16) -> SafeString:
    """``old → new`` with the digits marked that changed; short values lose empty groups."""
    before, after = _digits(old, digits), _digits(new, digits)
    while len(before) > 2 and before[0] == after[0] == "0000":
        before.pop(0)
        after.pop(0)
    was = format_html_join("", "<i>{}</i>", ((g,) for g in before))
    now = format_html_join(
        "", "<i>{}</i>", ((_changed(o, n),) for o, n in zip(before, after, strict=True))
    )
    return format_html(
        '<span class="hx">{}</span><span class="arr">→</span>'
        '<span class="to"><span class="hx">{}</span></span>',
        was,
        now,
    )


@cache
def _drawings() -> SafeString:
    found = finders.find("img/icons.svg")
    assert isinstance(found, str)
    text = Path(found).read_text(encoding="utf-8")
    # Pages have ids of the same words.
    return mark_safe(text.replace(' id="', ' id="i-'))


@register.simple_tag
def sprite() -> SafeString:
    """All drawings, once in each page: a browser asks again for each use of a sprite in
    a file, and shows none while the server is away."""
    return format_html("<div hidden>{}</div>", _drawings())


@register.simple_tag
def icon(name: str, css: str = "ic") -> SafeString:
    """A drawing from the sprite, hidden from speech: the word beside it says the same."""
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="#i-{}"/></svg>',
        css,
        name,
    )


@register.simple_tag
def slot_icon(slot: int) -> SafeString:
    """The shape and colour of a slot, spoken as ``slot 0``."""
    return format_html(
        '<svg class="ic-slot slot-{0}" role="img" aria-label="slot {0}">'
        '<use href="#i-slot{0}"/></svg>',
        slot,
    )


_OUTLINES = (
    '<circle cx="6" cy="6" r="4.5"/>',
    '<path d="M6 1 11 6 6 11 1 6z"/>',
    '<path d="M6 1.5 11 10.5H1z"/>',
    '<path d="M2 2h8v8H2z"/>',
)


@register.simple_tag
def hollow_icon(slot: int | None) -> SafeString:
    """The outline of a slot's shape: should have fired. Without a slot a plain ring."""
    number = slot if slot is not None and slot < len(_OUTLINES) else 0
    css = f" slot-{number}" if slot is not None else ""
    words = f"slot {number}, should have fired" if slot is not None else "not fired"
    return format_html(
        '<svg class="ic-slot ic-hollow{}" viewBox="0 0 12 12" role="img" '
        'aria-label="{}">{}</svg>',
        css,
        words,
        mark_safe(_OUTLINES[number]),
    )


@register.filter
def at(values: Mapping[int, str], key: int) -> str:
    """The entry of a mapping; empty where it has none."""
    return values.get(key, "")


@register.filter
def slot_key(slot: int, cpu: int | None) -> str:
    """``cpu0.slot2``: a slot in one word (sessions_app/parts.py)."""
    return f"cpu{cpu}.slot{slot}"


@register.filter
def initials(name: str) -> str:
    """Two letters for a face."""
    parts = name.replace("_", " ").replace("-", " ").split()
    return ("".join(p[0] for p in parts[:2]) if len(parts) > 1 else name[:2]).upper()


@register.filter
def percent(part: int, whole: int) -> int:
    """How full a limit is, 0 to 100; something is never drawn as nothing."""
    if not part or not whole:
        return 0
    return max(1, min(100, 100 * part // whole))


@register.filter
def spread(value: object) -> str:
    """Underscores to spaces: ``limit_reached`` as words."""
    return str(value).replace("_", " ")


@register.filter
def access_letters(kind: str) -> str:
    """``W``, ``RW``, ``X`` for a breakpoint type of a recipe."""
    return {"write": "W", "access": "RW", "execute": "X"}.get(kind, kind)
