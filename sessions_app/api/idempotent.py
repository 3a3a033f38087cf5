"""``Idempotency-Key``: a POST that is sent again is done once (docs/api.md).

Not for views that show a secret: what is answered is kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse, QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.early import Answered, EarlyView
from sessions_app.api.errors import FieldError, InvalidFields
from sessions_app.models import KeptAnswer
from sessions_app.services.idempotency import answer_keep, key_claim, key_release

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,255}")
_ALLOWED = "1 to 255 printable ASCII characters without spaces"


def fingerprint_of(request: Request) -> str:
    """What was sent and where. Of a form what it says, not how: a boundary is new each
    time."""
    told = hashlib.sha256(f"{request.method} {request.get_full_path()}\0".encode())
    files = request.FILES
    said: Any = request.data
    if isinstance(said, QueryDict):
        said = {name: said.getlist(name) for name in said if name not in files}
    told.update(json.dumps(said, sort_keys=True).encode())
    for name in sorted(files):
        for file in files.getlist(name):
            told.update(f"\0{name}\0{file.name}\0{file.size}\0".encode())
            for chunk in file.chunks():
                told.update(chunk)
            file.seek(0)
    return told.hexdigest()


class Idempotent(EarlyView):
    """POSTs of this view take the header."""

    takes_idempotency_key = True
    _claim: KeptAnswer | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A key that is answered gives that answer."""
        super().initial(request, *args, **kwargs)
        key = request.headers.get(HEADER)
        if request.method != "POST" or key is None:
            return
        if not isinstance(request.user, User):
            return
        if not _KEY.fullmatch(key):
            raise InvalidFields([FieldError(HEADER, key, "not allowed", _ALLOWED)])
        claim = key_claim(
            user=request.user, key=key, fingerprint=fingerprint_of(request)
        )
        if claim.status is None:
            self._claim = claim
            return
        again = HttpResponse(
            bytes(claim.body), status=claim.status, content_type=claim.content_type
        )
        again["Idempotency-Replayed"] = "true"
        raise Answered(again)

    def handle_exception(self, exc: Exception) -> Any:
        """What nobody expected leaves no claim behind."""
        try:
            return super().handle_exception(exc)
        except Exception:
            self._release()
            raise

    def _release(self) -> None:
        if self._claim is not None:
            key_release(self._claim)

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Only what did something is kept; a request that was refused may be mended."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self._claim is None:
            return answer
        if answer.status_code < 300 and isinstance(answer, Response):
            answer.add_post_render_callback(self._keep)
        else:
            self._release()
        return answer

    def _keep(self, rendered: Any) -> None:
        assert self._claim is not None
        answer_keep(
            self._claim,
            status=rendered.status_code,
            content_type=str(rendered.get("Content-Type", "")),
            body=rendered.content,
        )
