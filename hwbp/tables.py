"""``hwbp compare`` and ``hwbp matrix``: what the server computed, for a terminal."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from hwbp.errors import Status
from hwbp.rest import Api, Json

_LOOK = 1.0


def compare(api: Api, left: str, right: str, *, as_json: bool) -> Status:
    """Where two runs part. NO when they do."""
    found: Json = api.get("compare/", left=left, right=right, limit=1)
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        for line in _comparison(found):
            sys.stdout.write(line + "\n")
    return Status.DONE if found["equal"] else Status.NO


def _comparison(found: Json) -> list[str]:
    lines = []
    if found["same_digest"]:
        lines.append("same digest")
    if found["equal"]:
        lines.append("no difference")
    else:
        count = found["differences"]
        lines.append(f"{count} difference{'' if count == 1 else 's'}")
    if found["first"]:
        lines.append(f"first: {found['first']['sentence']}")
    for fact in found["facts"]:
        times = "" if fact["count"] == 1 else f" ({fact['count']} times)"
        lines.append(f"  {fact['sentence']}{times}")
    if found["more_facts"]:
        lines.append(f"  and {found['more_facts']} more sorts")
    for sentence in found["wrong_in_both"]:
        lines.append(f"wrong in both: {sentence}")
    for side in ("left", "right"):
        short = found["compared"][side]["short"]
        if short:
            lines.append(f"{side} is not whole: {short}")
    return lines


def matrix(
    api: Api, *, rows: str | None, variants: str | None, wait: bool, as_json: bool
) -> Status:
    """The words of scenarios by kernels. NO when some are not computed yet."""
    while True:
        found: Json = api.get("matrix/", row=rows, variant=variants)
        if not wait or not found["missing"]:
            break
        sys.stderr.write(f"hwbp: {found['missing']} cells are being computed\n")
        time.sleep(_LOOK)
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write(aligned(_matrix_rows(found["cells"])))
    return Status.NO if found["missing"] else Status.DONE


def _matrix_rows(cells: dict[str, dict[str, str | None]]) -> list[list[str]]:
    columns = list(next(iter(cells.values()), {}))
    rows = [["", *columns]]
    for name, words in cells.items():
        rows.append([name, *(words[column] or "…" for column in columns)])
    return rows


def aligned(rows: Sequence[Sequence[Any]]) -> str:
    """Columns of equal width, two spaces between them."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = (
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        for row in texts
    )
    return "".join(line.rstrip() + "\n" for line in lines)
