"""``manage.py bench mail``: reading an mbox of 2000 messages, beside Python's own mailbox."""

from __future__ import annotations

import mailbox
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sessions_app.mail.mbox import split_mbox
from sessions_app.mail.message import Message, parse_message
from sessions_app.mail.patch import parse_patch
from sessions_app.mail.series import read_series

_SERIES = 200
_PATCHES, _ANSWERS = 5, 4
#: A hunk of a patch; each has several.
_HUNK = (
    "@@ -{at},6 +{at},7 @@ static int handler_{at}(struct die_args *args)\n"
    + "".join(f" \tcontext_{n}();\n" for n in range(3))
)
_REST = "+\tset_debugreg(dr7, 7);\n" + "".join(f" \tafter_{n}();\n" for n in range(3))


def main() -> int:
    """Print the table in Markdown."""
    data = _mbox()
    count = _SERIES * (1 + _PATCHES + _ANSWERS)
    _say(f"{count} messages, {_SERIES} series, {len(data) / 1e6:.1f} MB\n")
    _say("| what | seconds | messages/s |\n|---|---|---|")
    raws, seconds = _timed(lambda: split_mbox(data))
    _row("split", seconds, count)
    messages, seconds = _timed(lambda: [parse_message(raw) for raw in raws])
    _row("parsed", seconds, count)
    (_, topics), seconds = _timed(lambda: read_series(messages))
    _row(f"threads and {len(topics)} series", seconds, count)
    _, seconds = _timed(lambda: [parse_patch(m.body) for m in messages])
    _row("patches taken apart", seconds, count)
    _, seconds = _timed(lambda: _python(data))
    _row("Python's mailbox, headers and payloads only", seconds, count)
    _say(
        f"\nMemory at most {_peak(data) / 1e6:.0f} MB beside the file, all messages kept"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    _say(f"Process at most {peak} MB")
    return 0


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def _python(data: bytes) -> int:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "box"
        path.write_bytes(data)
        box = mailbox.mbox(path)
        size = sum(len(m.get_payload(decode=True) or b"") for m in box)
        box.close()
    return size


def _peak(data: bytes) -> int:
    tracemalloc.start()
    kept: list[Message] = [parse_message(raw) for raw in split_mbox(data)]
    read_series(kept)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def _mbox() -> bytes:
    out = []
    for series in range(_SERIES):
        cover = f"{series}-0"
        out.append(
            _mail(cover, f"[PATCH 0/{_PATCHES}] series {series}", "Cover.\n", "")
        )
        for n in range(1, _PATCHES + 1):
            subject = f"[PATCH {n}/{_PATCHES}] series {series}, step {n}"
            out.append(_mail(f"{series}-{n}", subject, _patch(n), cover))
        for n in range(1, _ANSWERS + 1):
            quoted = "".join(f"> {line}\n" for line in _patch(n).split("\n"))
            subject = f"Re: [PATCH {n}/{_PATCHES}] series {series}, step {n}"
            body = f"{quoted}Why?\n"
            out.append(_mail(f"{series}-r{n}", subject, body, f"{series}-{n}"))
    return "".join(out).encode()


def _mail(name: str, subject: str, body: str, parent: str) -> str:
    answers = f"In-Reply-To: <{parent}@example.org>\n" if parent else ""
    return (
        "From mboxrd@z Thu Jan  1 00:00:00 1970\n"
        f"From: Author <author@example.org>\nMessage-ID: <{name}@example.org>\n"
        f"Date: Mon, 2 Mar 2026 09:00:00 +0000\n{answers}Subject: {subject}\n\n{body}\n"
    )


def _patch(number: int) -> str:
    file = f"arch/x86/kernel/file_{number}.c"
    hunks = "".join(_HUNK.format(at=100 * n) + _REST for n in range(1, 13))
    return (
        f"Words about step {number}.\n\nSigned-off-by: Author <author@example.org>\n---\n"
        f"diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n{hunks}-- \n2.39.2\n"
    )


def _row(what: str, seconds: float, count: int) -> None:
    _say(f"| {what} | {seconds:.2f} | {count / seconds:,.0f} |")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
