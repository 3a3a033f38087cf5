"""Answers that stay what they are: strong ETags, and 304 before any work is done.

What a run recorded does not change once it is over. Its answers are then a function of the
run, the question, and the program that words them; the hash of these three names the bytes.
They are asked for again each time (``no-cache``): access may have ended, retention may have
taken the trace, another version of the program may say it differently.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.cache import get_conditional_response
from rest_framework.request import Request

import sessions_app
from sessions_app import runner
from sessions_app.api.early import Answered, EarlyView
from sessions_app.models import Run
from sessions_app.permissions import Access, run_access

#: Bytes known by their own hash, for whoever was allowed to read them once.
FOR_EVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
_GOOD = 200


@cache
def program_id() -> str:
    """Hash of the sources that word an answer: this application and the emulator."""
    told = hashlib.sha256(runner.build_id().encode())
    root = Path(sessions_app.__file__).parent
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        if not {"tests", "migrations"} & set(inside.parts):
            told.update(str(inside).encode() + b"\0" + path.read_bytes())
    return told.hexdigest()


def run_etag(run: Run, address: str) -> str | None:
    """The validator of what a run answers at an address; None while it may change."""
    if not run.is_over or run.pruned_at is not None:
        return None
    parts = (
        *(program_id(), str(run.pk), str(run.epoch), run.state, run.digest),
        # Exports carry the title.
        *(run.recipe_id, str(run.events), run.session.title, address),
    )
    return f'"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()}"'


class Recorded(EarlyView):
    """For views of what a run recorded, which are read only: ``found`` is the run and the
    access to it, and answers have an ETag once the run is over."""

    found: tuple[Access, Run]
    _etag: str | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who may not read gets no 304 either: access is asked first."""
        super().initial(request, *args, **kwargs)
        self.found = run_access(request, kwargs["run_pk"])
        if self.is_unchanging(request):
            self._etag = run_etag(self.found[1], request.get_full_path())
        if self._etag is None:
            return
        found = get_conditional_response(request._request, etag=self._etag)
        if found is not None:
            raise Answered(found)

    def is_unchanging(self, request: Request) -> bool:
        """Whether the run and the question decide the answer."""
        return True

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """The ETag and how long it holds."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self._etag is not None and answer.status_code in (_GOOD, 304):
            answer["ETag"] = self._etag
            answer["Cache-Control"] = ASK_AGAIN
        return answer
