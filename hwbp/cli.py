"""The command line: options to commands, errors to exit statuses."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hwbp.config import find_server
from hwbp.errors import Failed, Status
from hwbp.gdb import run_gdb
from hwbp.listing import count, events, export, export_as, hits, import_bundle
from hwbp.login import login
from hwbp.rest import Api
from hwbp.review import review_import
from hwbp.run import Wish, run
from hwbp.tables import compare, matrix
from hwbp.watch import watch

Given = argparse.Namespace
_RUN: dict[str, Any] = {"metavar": "RUN", "help": "id of a run"}


def _login(given: Given) -> Status:
    return login(given.url, given.token)


def _run(given: Given) -> Status:
    wish = Wish(
        recipe=given.recipe,
        variant=given.variant,
        session=given.session,
        images=tuple(given.image),
        paused=given.paused,
        wait=given.wait,
    )
    return run(_api(given), wish)


def _watch(given: Given) -> Status:
    return watch(_api(given), given.run)


def _events(given: Given) -> Status:
    query = {"kind": given.kind, "q": given.filter}
    return events(
        _api(given), given.run, query=query, after=given.after, follow=given.follow
    )


def _hits(given: Given) -> Status:
    return hits(_api(given), given.run, query=given.filter, value=given.value)


def _count(given: Given) -> Status:
    by = given.by or ("verdict" if given.value is None else "expression")
    return count(_api(given), given.run, by=by, query=given.filter, value=given.value)


def _gdb(given: Given) -> Status:
    return run_gdb(find_server(given.url, given.token), given.run, face=given.face)


def _export(given: Given) -> Status:
    if given.format:
        query = {"format": given.format, "q": given.filter, "clock": given.clock}
        return export_as(_api(given), given.run, given.output, **query)
    return export(_api(given), given.run, given.output)


def _review(given: Given) -> Status:
    return review_import(_api(given), given.file)


def _import(given: Given) -> Status:
    return import_bundle(_api(given), given.file)


def _compare(given: Given) -> Status:
    return compare(_api(given), given.left, given.right, as_json=given.json)


def _matrix(given: Given) -> Status:
    return matrix(
        _api(given),
        rows=given.row,
        variants=given.variant,
        wait=given.wait,
        as_json=given.json,
    )


def _api(given: Given) -> Api:
    return Api(find_server(given.url, given.token))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hwbp", description="Run, watch and debug recipes on a hwbpweb server."
    )
    parser.add_argument("--url", help="the server; else HWBP_URL, else as of login")
    parser.add_argument("--token", help="yours; else HWBP_TOKEN, else as of login")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_runs(commands)
    _add_readers(commands)
    return parser


def _add_runs(commands: Any) -> None:
    """Commands that do something."""
    add = commands.add_parser("login", help="keep address and token of a server")
    add.set_defaults(do=_login)

    add = commands.add_parser("run", help="run a recipe or a scenario")
    add.add_argument(
        "recipe", metavar="RECIPE", help="a recipe file, or a scenario's id"
    )
    add.add_argument("--variant", help="on this kernel instead")
    add.add_argument("--session", help="id of a session to run it in; else a new one")
    add.add_argument(
        *("--image", "-i"),
        action="append",
        default=[],
        type=Path,
        help="a program that the recipe names by SHA-256; files beside it are looked at",
    )
    add.add_argument("--paused", action="store_true", help="hold it for a debugger")
    add.add_argument("--wait", action="store_true", help="until it is over")
    add.set_defaults(do=_run)

    add = commands.add_parser("review", help="bring mail about patches")
    add.add_argument("what", choices=["import"], help="what to do")
    add.add_argument("file", type=Path, metavar="FILE", help="an mbox; - for stdin")
    add.set_defaults(do=_review)

    add = commands.add_parser("gdb", help="gdb's pipe: target remote | hwbp gdb RUN")
    add.add_argument("run", **_RUN)
    add.add_argument(
        "--faithful",
        action="store_const",
        const="faithful",
        default="full",
        dest="face",
        help="talk to the kgdb inside, as its kernel answers",
    )
    add.set_defaults(do=_gdb)


def _add_readers(commands: Any) -> None:
    """Commands that tell something."""
    add = commands.add_parser("watch", help="hits of a run as they come")
    add.add_argument("run", **_RUN)
    add.set_defaults(do=_watch)

    add = commands.add_parser("events", help="events, one JSON object a line")
    add.add_argument("run", **_RUN)
    add.add_argument("--kind", help="HIT,CALL,…")
    add.add_argument("--filter", metavar="TERMS", help='as on the page: "slot:0 cpu:1"')
    add.add_argument("--after", type=int, default=0, metavar="SEQ", help="a cursor")
    add.add_argument("--follow", action="store_true", help="until the run is over")
    add.set_defaults(do=_events)

    for name, words, do in (
        ("hits", "hits, one JSON object a line", _hits),
        ("count", "how often what occurs among the hits: count, value, name", _count),
    ):
        add = commands.add_parser(name, help=words)
        add.add_argument("run", **_RUN)
        add.add_argument("--filter", metavar="TERMS", help="a query: docs/query.md")
        add.add_argument(
            "--value", metavar="EXPRESSION", help='what it is at each: "rdi & 0xff"'
        )
        add.set_defaults(do=do)
    add.add_argument("--by", help="rip, addr, value, slot, cpu, task, verdict")

    _add_export(commands)

    add = commands.add_parser("import", help="keep a bundle of another installation")
    add.add_argument("file", metavar="FILE", type=Path)
    add.set_defaults(do=_import)

    add = commands.add_parser("compare", help="where two runs part")
    add.add_argument("left", **_RUN)
    add.add_argument("right", **_RUN)
    add.add_argument("--json", action="store_true", help="all of the answer")
    add.set_defaults(do=_compare)

    add = commands.add_parser("matrix", help="what scenarios come to on each kernel")
    add.add_argument("--row", help="only these rows: W1,W5")
    add.add_argument("--variant", help="only these kernels: d4,g-bare")
    add.add_argument("--wait", action="store_true", help="until all is computed")
    add.add_argument("--json", action="store_true", help="all of the answer")
    add.set_defaults(do=_matrix)


def _add_export(commands: Any) -> None:
    add = commands.add_parser(
        "export", help="everything about a run as NDJSON, or in another format"
    )
    add.add_argument("run", **_RUN)
    add.add_argument("-o", "--output", type=Path, metavar="FILE", help="else stdout")
    add.add_argument("--format", help="perfetto, chrome, csv, ndjson, tenet, bundle")
    add.add_argument("--filter", metavar="TERMS", help="with --format: what of it")
    add.add_argument("--clock", help="of a timeline: retired (the default) or seq")
    add.set_defaults(do=_export)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; the exit status."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.do(given))
    except Failed as failed:
        sys.stderr.write(f"hwbp: {failed}\n")
        return int(failed.status)
    except KeyboardInterrupt:
        return 128 + 2
    except BrokenPipeError:
        # Whoever read our output has had enough.
        sys.stderr.close()
        return int(Status.DONE)
