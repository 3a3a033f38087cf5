"""Which server, and as whom: from the command line, the environment, or what login kept."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hwbp.errors import Usage


@dataclass(frozen=True, slots=True)
class Server:
    """Address without a slash at the end, and the token."""

    url: str
    token: str

    @property
    def socket_url(self) -> str:
        """The same for websockets."""
        return "ws" + self.url.removeprefix("http")


def config_file() -> Path:
    """Where login keeps address and token."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "hwbp" / "config.json"


def find_server(url: str | None, token: str | None) -> Server:
    """The first that says something: command line, environment, login. Raises Usage."""
    kept = _kept()
    url = url or os.environ.get("HWBP_URL") or kept.get("url", "")
    token = token or os.environ.get("HWBP_TOKEN")
    if not token and checked_url(url or kept.get("url", "")) == kept.get("url"):
        # A token is for the server that made it, and for no other.
        token = kept.get("token")
    if not url or not token:
        raise Usage(
            "no server is known: use hwbp login, --url and --token, or HWBP_URL and "
            "HWBP_TOKEN"
        )
    return Server(checked_url(url), token)


def checked_url(url: str) -> str:
    """Without a slash at the end. Raises Usage for what is no address."""
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.netloc):
        raise Usage(f"{url!r} is no address; allowed: http://… or https://…")
    return url.rstrip("/")


def keep_server(server: Server) -> Path:
    """Write it down where only this user reads it."""
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(
        os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w"
    ) as f:
        json.dump({"url": server.url, "token": server.token}, f)
    draft.replace(path)
    return path


def _kept() -> dict[str, str]:
    try:
        kept = json.loads(config_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Usage(f"{config_file()} does not read: {error}") from error
    return kept if isinstance(kept, dict) else {}
