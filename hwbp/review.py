"""``hwbp review import FILE``: mail for the server, from a file or from stdin."""

from __future__ import annotations

import sys
from pathlib import Path

from hwbp.errors import Status
from hwbp.rest import Api


def review_import(api: Api, path: Path) -> Status:
    """Each topic of the file becomes, or joins, a review; its id, title and number of new
    messages on a line."""
    data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    for each in api.upload("reviews/", path.name, data):
        review = each["review"]
        sys.stdout.write(f"{review['id']}\t{each['new']}\t{review['title']}\n")
    return Status.DONE
