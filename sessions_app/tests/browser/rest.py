"""A script that uses the REST API of a running service, as its documentation tells."""

from __future__ import annotations

import http.cookiejar
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
OVER = ("finished", "failed", "cancelled")
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@dataclass
class Answer:
    """What came back, whatever its status."""

    status: int
    kind: str
    body: Any


def api_token(url: str) -> str:
    """Sign in once, as a browser would, and make a token for scripts."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    base = url.partition("/login/")[0]
    with opener.open(url, timeout=20) as answer:
        found = _TOKEN.search(answer.read().decode())
    assert found is not None
    form = urllib.parse.urlencode({"csrfmiddlewaretoken": found[1]}).encode()
    opener.open(urllib.request.Request(url, form, {"Referer": url}), timeout=20).close()
    crumb = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
    request = urllib.request.Request(
        f"{base}/api/v1/tokens/",
        b'{"name": "tests"}',
        {
            "Content-Type": "application/json",
            "X-CSRFToken": crumb or "",
            "Referer": url,
        },
    )
    with opener.open(request, timeout=20) as answer:
        return str(json.load(answer)["token"])


class Api:
    """Requests with a bearer token."""

    def __init__(self, base: str, token: str) -> None:
        self.base = base
        self._token = token

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = ""
    ) -> Answer:
        """Send and take what comes; an error status is an answer too."""
        headers = {"Authorization": f"Bearer {self._token}"}
        if kind:
            headers["Content-Type"] = kind
        url = path if path.startswith("http") else f"{self.base}/api/v1/{path}"
        request = urllib.request.Request(url, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return _answer(answer.status, answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return _answer(refused.code, refused)

    def get(self, path: str) -> Any:
        """The body of a 200."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def send(self, path: str, value: object = None) -> Answer:
        """POST JSON."""
        body = b"" if value is None else json.dumps(value).encode()
        return self.ask("POST", path, body, "application/json")

    def post(self, path: str, value: object = None) -> Any:
        """The body of what a POST made."""
        answer = self.send(path, value)
        assert answer.status in (201, 202), answer
        return answer.body

    def upload(self, data: bytes, name: str = "program") -> Answer:
        """POST an ELF as a form does."""
        border = uuid.uuid4().hex
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        )
        body = head.encode() + data + f"\r\n--{border}--\r\n".encode()
        return self.ask(
            "POST", "images/", body, f"multipart/form-data; boundary={border}"
        )

    def assembled(self, text: str, **wish: Any) -> str:
        """The id of a recipe for this assembly."""
        image = self.post("images/", {"assembly": text})["sha256"]
        return self.recipe(image, **wish)

    def recipe(self, image: str, **wish: Any) -> str:
        """The id of a recipe in the short form."""
        wish.setdefault("breakpoints", [])
        return str(self.post("recipes/", {"image": image, **wish})["id"])

    def forget_reviews(self) -> None:
        """Mail that is read again would join what another test left of its thread."""
        for review in self.get("reviews/")["results"]:
            assert self.ask("DELETE", f"reviews/{review['id']}/").status == 204

    def session(self, title: str) -> str:
        """The id of a new session."""
        return str(self.post("sessions/", {"title": title})["id"])

    def run(self, recipe: str, session: str | None = None) -> str:
        """The id of a queued run."""
        place = session or self.session("Over REST")
        return str(self.post("runs/", {"session": place, "recipe": recipe})["id"])

    def state(self, run: str) -> Json:
        """The run as it stands."""
        return dict(self.get(f"runs/{run}/"))

    def until(
        self, run: str, condition: Callable[[Json], object], seconds: float = 60
    ) -> Json:
        """The first state of the run that fits."""
        deadline = time.monotonic() + seconds
        while not condition(state := self.state(run)):
            assert time.monotonic() < deadline, state
            time.sleep(0.02)
        return state

    def end(self, run: str, seconds: float = 60) -> Json:
        """The state of the run once it is over."""
        return self.until(run, lambda state: state["state"] in OVER, seconds)

    def hits(self, run: str, limit: int = 1000) -> list[Json]:
        """Every hit, page by page."""
        found: list[Json] = []
        after: int | None = 0
        while after is not None:
            page = self.get(f"runs/{run}/hits/?after={after}&limit={limit}")
            found += page["results"]
            after = page["next"]
        return found


def _answer(status: int, answer: Any) -> Answer:
    data = answer.read()
    kind = str(answer.headers.get("Content-Type", "")).partition(";")[0]
    return Answer(status, kind, json.loads(data) if "json" in kind else data)
