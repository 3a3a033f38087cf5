"""A notebook as Markdown: for a mail, a bug tracker, a commit message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sessions_app.models import DebugSession, NotebookEntry, Run
from sessions_app.run_facts import run_facts

#: What would be read as markup in a line of words. What people wrote into a notebook
#: is Markdown already and stays as it is.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!~])")


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def notebook_markdown(
    session: DebugSession, entries: Sequence[NotebookEntry], url: str
) -> str:
    """The whole notebook. url: the absolute address of the session page."""
    blocks = [f"# {_plain(session.title)}"]
    if session.description:
        blocks.append(session.description.strip())
    blocks.append(f"<{url}>")
    runs = {entry.run_id: entry.run for entry in entries}
    if runs:
        blocks.append(_runs(runs.values()))
    for entry in entries:
        blocks += _entry(entry, url)
    return "\n\n".join(blocks) + "\n"


def _runs(runs: Iterable[Run]) -> str:
    head = "| run | kernel | outcome | recipe | digest | emulator |\n|---|---|---|---|---|---|"
    rows = [
        f"| {run.number} | {_plain(run_facts(run).variant)} "
        f"| {run.outcome or run.state} | `{run.recipe_id}` "
        f"| {f'`{run.digest}`' if run.digest else 'none'} "
        f"| {run.emulator_version or 'not known'} |"
        for run in sorted(runs, key=lambda run: run.number)
    ]
    return "\n".join([head, *rows])


def _entry(entry: NotebookEntry, url: str) -> list[str]:
    blocks = [
        f"## {entry.position}. {_plain(entry.title)}",
        f"[{entry.name}]({url}?{entry.query}): {_plain(entry.place)}",
    ]
    if entry.sentence:
        blocks.append(f"> {_plain(entry.sentence)}")
    if entry.text:
        blocks.append(entry.text.strip())
    return blocks
