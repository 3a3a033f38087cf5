"""``manage.py up``: the whole service from one terminal. Standard library only.

Valkey, a worker each for runs, quick jobs and notices, the web; each a process under the
supervisor. What needs Django (migrations, the login link) is a command of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from hwbpweb import valkey
from hwbpweb.supervisor import Program, Supervisor, die_with_parent

PROJECT_DIR = Path(__file__).resolve().parent.parent
_READY_SECONDS = 60
_PYTHON = sys.executable
# Meant for pickled messages; ours are JSON, and containers run as root.
_ROOT_WARNING = "You're running the worker with superuser privileges"


def say(text: str) -> None:
    """To the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line of ``up``."""
    parser = argparse.ArgumentParser(
        prog="manage.py up", description="Start hwbpweb and keep it running."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="0: any free one")
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 1,
        help="how many runs execute at once (default: one per CPU)",
    )
    given = parser.parse_args(argv)
    if given.workers < 1:
        parser.error("--workers: at least 1")
    return given


def free_port(host: str, port: int) -> int:
    """The port if it can be listened on. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])


def environment(host: str, redis_url: str) -> dict[str, str]:
    """What the programs see."""
    environ = dict(os.environ)
    environ["DJANGO_SETTINGS_MODULE"] = "hwbpweb.settings"
    environ["REDIS_URL"] = redis_url
    environ["PYTHONUNBUFFERED"] = "1"
    environ.setdefault("HWBPWEB_LOG_LEVEL", "WARNING")
    if "ALLOWED_HOSTS" not in environ:
        names = ["localhost", "127.0.0.1", "[::1]", socket.gethostname()]
        names.append(f"[{host}]" if ":" in host else host)
        # Listening everywhere is a decision for all of this machine's names.
        wildcard = host in ("0.0.0.0", "::")
        environ["ALLOWED_HOSTS"] = "*" if wildcard else ",".join(names)
    return environ


def worker(
    queue: str, count: int, environ: dict[str, str], pool: str = "prefork"
) -> Program:
    """A Celery worker of one queue. pool: threads for what only waits for others."""
    command = [
        *(_PYTHON, "-W", f"ignore:{_ROOT_WARNING}"),
        *("-m", "celery", "--quiet", "-A", "hwbpweb.celery", "worker"),
        *("--queues", queue, "--concurrency", str(count), "--pool", pool),
        *("--hostname", f"{queue}@%h", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
    # SIGQUIT: at once. What was running is taken up by lease at the next start.
    return Program(f"worker {queue}", command, environ, stop_signal=signal.SIGQUIT)


def web(host: str, port: int, environ: dict[str, str]) -> Program:
    """The ASGI server."""
    command = [
        *(_PYTHON, "-m", "uvicorn", "hwbpweb.asgi:application"),
        *("--host", host, "--port", str(port)),
        *("--ws", "websockets-sansio", "--ws-per-message-deflate", "false"),
        *("--ws-max-size", "65536", "--timeout-graceful-shutdown", "2"),
        *("--log-level", "warning", "--no-access-log", "--lifespan", "off"),
    ]
    return Program("web", command, environ)


def prepare(environ: dict[str, str]) -> dict[str, str]:
    """Migrations, owner, login link, demo session. Raises CalledProcessError."""
    parent = os.getpid()
    done = subprocess.run(
        [_PYTHON, "-m", "hwbpweb.commands", "prepare"],
        cwd=PROJECT_DIR,
        env=environ,
        stdout=subprocess.PIPE,
        check=True,
        preexec_fn=lambda: die_with_parent(parent),
    )
    told: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return told


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    place = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with socket.create_connection((place, port), timeout=1):
            return True
    except OSError:
        return False


def _started(supervisor: Supervisor, program: Program, host: str, port: int) -> bool:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and not supervisor.is_ending:
        if not program.is_running:
            return False
        if answers(host, port):
            return True
        supervisor.wait(0.05)
    return False


def _start_valkey(supervisor: Supervisor, folder: Path) -> None:
    server = Program("valkey", valkey.command(folder), dict(os.environ), last=True)
    supervisor.start(server)
    if not valkey.wait_until_ready(folder, 10):
        raise valkey.NoServer("Valkey does not start; set REDIS_URL to use another.")


def _address(given: argparse.Namespace) -> str:
    """Where a browser on this machine reaches the web."""
    shown = "127.0.0.1" if given.host in ("0.0.0.0", "::") else given.host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{given.port}"


def run(given: argparse.Namespace, supervisor: Supervisor, folder: Path) -> int:
    """Start all, tell where, watch. The exit status."""
    redis_url = os.environ.get("REDIS_URL")
    if not redis_url:
        redis_url = valkey.url(folder)
        _start_valkey(supervisor, folder)
    environ = environment(given.host, redis_url)
    base = _address(given)
    environ.setdefault("HWBPWEB_URL", base)
    told = prepare(environ)
    server = web(given.host, given.port, environ)
    supervisor.start(server)
    supervisor.start(worker("runs", given.workers, environ))
    supervisor.start(worker("quick", 1, environ))
    supervisor.start(worker("notices", 4, environ, pool="threads"))
    if not _started(supervisor, server, given.host, given.port):
        if supervisor.is_ending:
            return 0
        say("The web server does not start; its words stand above.")
        return 1
    say(f"hwbpweb is ready at {base}/")
    say(f"Sign in once with   {base}{told['login']}")
    say("Ctrl-C ends it.")
    supervisor.watch()
    say("Ending ...")
    return 0


def main(argv: list[str]) -> int:
    """The command."""
    given = arguments(argv)
    os.chdir(PROJECT_DIR)
    try:
        given.port = free_port(given.host, given.port)
    except OSError as error:
        say(f"Cannot listen on {given.host}:{given.port}: {error.strerror}.")
        return 1
    folder = valkey.socket_folder()
    supervisor = Supervisor(folder, say)
    supervisor.catch_signals()
    try:
        return run(given, supervisor, folder)
    except valkey.NoServer as error:
        say(str(error))
        return 1
    except subprocess.CalledProcessError:
        if not supervisor.is_ending:
            say("The database could not be prepared; the reason stands above.")
        return 1
    finally:
        supervisor.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
