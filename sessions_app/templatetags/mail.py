"""What people wrote: Markdown without HTML, and mail with its quotes."""

from __future__ import annotations

import re
from collections.abc import Collection

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from sessions_app.services.notices.mentions import mark
from sessions_app.templatetags.notices import wrapped

register = template.Library()

_CODE = re.compile(r"`([^`\n]+)`")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_SLANTED = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_LINK = re.compile(r"(?<![\w/&quot;])(https?://[^\s<>&\"']+(?:&amp;[^\s<>&\"']+)*)")
_FENCE = "```"


def _inline(text: str, names: Collection[str]) -> SafeString:
    """Escaped first: markup of ours is all that there is."""
    done = str(conditional_escape(text))
    pieces = re.split(r"(`[^`\n]+`)", done)
    out = []
    for piece in pieces:
        if piece.startswith("`") and len(piece) > 2:
            out.append(f"<code>{piece[1:-1]}</code>")
            continue
        piece = _linked(piece, names)
        piece = _BOLD.sub(r"<b>\1</b>", piece)
        out.append(_SLANTED.sub(r"<i>\1</i>", piece))
    return mark_safe("".join(out))


def _linked(piece: str, names: Collection[str]) -> str:
    """Bare links, and between them the names of people."""
    done = []
    for number, part in enumerate(_LINK.split(piece)):
        if number % 2:
            done.append(f'<a href="{part}" rel="nofollow noreferrer">{part}</a>')
        else:
            done.append(mark(part, names, wrapped) if names else part)
    return "".join(done)


@register.filter
def said(text: str, names: Collection[str] = ()) -> SafeString:
    """A remark: paragraphs, quotes, code, `code`, **bold**, *slanted*, bare links; the
    names of those who may be told of it are marked."""
    blocks: list[SafeString] = []
    for index, part in enumerate(text.split(_FENCE)):
        if index % 2:
            blocks.append(format_html("<pre>{}</pre>", part.strip("\n")))
            continue
        paragraphs = (p for p in re.split(r"\n\s*\n", part) if p.strip())
        blocks += [_block(each, names) for each in paragraphs]
    return format_html_join("\n", "{}", ((block,) for block in blocks))


def _block(text: str, names: Collection[str]) -> SafeString:
    lines = text.strip("\n").split("\n")
    if all(line.startswith(("    ", "\t")) for line in lines):
        return format_html("<pre>{}</pre>", "\n".join(lines))
    if all(line.startswith(">") for line in lines):
        inner = "\n".join(line[1:].removeprefix(" ") for line in lines)
        return format_html("<blockquote><p>{}</p></blockquote>", _inline(inner, names))
    return format_html("<p>{}</p>", _inline(text.strip(), names))


@register.filter
def quoted_mail(body: str) -> SafeString:
    """A mail's text, its quotes paler."""
    return format_html_join(
        "\n",
        "{}",
        (
            (
                format_html('<span class="q">{}</span>', line)
                if line.startswith(">")
                else line,
            )
            for line in body.split("\n")
        ),
    )


@register.filter
def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()
