"""The REST API, in its own words."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from hwbp.config import Server
from hwbp.errors import Refused, Unreachable

_SECONDS = 90
_LARGEST_PAGE = 1000
_PIECE = 1 << 16

Json = dict[str, Any]


class _Stay(HTTPRedirectHandler):
    """The token goes to the server that it is for."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Api:
    """Requests to one server as one user. Raises Refused and Unreachable."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._opener = build_opener(_Stay)

    def get(self, path: str, **query: Any) -> Any:
        """The body of what is there."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", path + (f"?{urlencode(given)}" if given else ""))

    def post(self, path: str, value: Mapping[str, Any] | None = None) -> Any:
        """The body of what was made or done."""
        body = json.dumps(value or {}).encode()
        return self._ask("POST", path, body, "application/json")

    def upload(self, path: str, name: str, data: bytes) -> Any:
        """POST a file as a form does."""
        border = uuid.uuid4().hex
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        )
        body = head.encode() + data + f"\r\n--{border}--\r\n".encode()
        return self._ask("POST", path, body, f"multipart/form-data; boundary={border}")

    def download(self, path: str, out: BinaryIO, **query: Any) -> None:
        """Write a file of any length to out as it comes."""
        given = {name: value for name, value in query.items() if value is not None}
        with self._open("GET", f"{path}?{urlencode(given)}") as answer:
            while piece := self._read(answer, _PIECE):
                out.write(piece)

    def pages(self, path: str, after: int = 0, **query: Any) -> Iterator[Json]:
        """All results of a list with a cursor, page by page."""
        cursor: int | None = after
        while cursor is not None:
            page = self.get(path, after=cursor, limit=_LARGEST_PAGE, **query)
            yield from page["results"]
            cursor = page["next"]

    def _ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = ""
    ) -> Any:
        with self._open(method, path, body, kind) as answer:
            data = self._read(answer)
        return json.loads(data) if data else None

    def _open(
        self, method: str, path: str, body: bytes | None = None, kind: str = ""
    ) -> BinaryIO:
        headers = {
            "Authorization": f"Bearer {self.server.token}",
            "Accept": "application/json",
        }
        if kind:
            headers["Content-Type"] = kind
        url = f"{self.server.url}/api/v1/{path}"
        request = Request(url, body, headers, method=method)
        try:
            answer: BinaryIO = self._opener.open(request, timeout=_SECONDS)
        except HTTPError as refused:
            with refused:
                raise _refusal(refused) from None
        except (URLError, HTTPException, OSError) as error:
            raise self._unreachable(error) from error
        return answer

    def _read(self, answer: BinaryIO, size: int = -1) -> bytes:
        try:
            return answer.read(size)
        except (HTTPException, OSError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> Unreachable:
        reason = getattr(error, "reason", error)
        return Unreachable(f"{self.server.url} cannot be reached: {reason}")


def _refusal(refused: HTTPError) -> Refused:
    if 300 <= refused.code < 400:
        place = refused.headers.get("Location", "elsewhere")
        return Refused(refused.code, {"detail": f"the server is at {place}; use that"})
    try:
        problem = json.loads(refused.read())
    except ValueError:
        problem = {}
    return Refused(refused.code, problem if isinstance(problem, dict) else {})
