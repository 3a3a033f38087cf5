#!/usr/bin/env python3
"""Remakes docs/picture.png: starts the service on fresh data and takes the demo's picture.

Run with the project's own interpreter: ``.venv/bin/python docs/make_picture.py``.
Needs the development requirements and a Chromium (CHROMIUM names it).
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "picture.png"
SIZE = {"width": 1440, "height": 900}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main() -> None:
    """Start, sign in, open the demo session, take the picture, stop."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        service = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "HWBPWEB_DATA": data},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            take(_login_link(service))
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(30)


def _login_link(service: subprocess.Popen[str]) -> str:
    assert service.stdout is not None
    for line in service.stdout:
        found = re.search(r"http\S+/login/\S+", line)
        if found:
            return found.group()
    raise SystemExit("the service ended before it was ready")


def take(link: str) -> None:
    """Sign in with the link and photograph a hit of the demo session."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(link)
        page.click("form[method=post] button")
        page.click("#sessions td a")
        page.wait_for_selector(".state[data-s=finished]", timeout=60_000)
        page.goto(f"{page.url.split('?')[0]}?run=1&hit=14")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
