"""Memory as of an event, for the web's quick queue: the run is done again up to there.

``{"job": "memory", "recipe": {…}, "images": [bytes of each image of the recipe, in its
order], "commands": [logged lines], "seq": n, "task": pid, "address": "0x…", "length": n}``
with the images as blob. Answers ``"seq"`` (the last event that had happened),
``"pieces"`` (``[address, length]`` of what is mapped, inside what was asked for) and
``"maps"`` (``[start, end, "rwx"]`` of the task), then the bytes of the pieces. Refusals are
as those of emulator.programs.job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from emulator.debugger.messages import logged_from_json
from emulator.engine import Replayed, replay_to
from emulator.errors import EmulatorError, RecipeError
from emulator.recipe import Recipe, parse
from emulator.target.paging import EXECUTE, READ, WRITE, AddressSpace
from emulator.target.ram import PAGE
from emulator.tasks import Task, TaskState

MAX_LENGTH = 1 << 16
MAX_MAPS = 512
_MAX_U64 = (1 << 64) - 1
Answer = tuple[dict[str, Any], bytes]
Piece = tuple[int, bytes]


def handle(
    request: Mapping[str, Any],
    blob: bytes,
    before_run: Callable[[], None] = lambda: None,
) -> Answer:
    """Do the run again and read. Every refusal is an answer. before_run is called when
    all files have been read and no guest code has run."""
    try:
        return _read(request, blob, before_run)
    except EmulatorError as error:
        told = {"code": error.code, "detail": error.detail, "field": error.field}
        return {"ok": False, "error": told}, b""


def _read(
    request: Mapping[str, Any], blob: bytes, before_run: Callable[[], None]
) -> Answer:
    given = request.get("recipe")
    if not isinstance(given, dict):
        raise RecipeError("allowed: an object", field="recipe")
    recipe = parse(given)
    seq = _number(request, "seq", 1 << 53)
    address = _address(request)
    length = min(_number(request, "length", MAX_LENGTH), _MAX_U64 + 1 - address)
    commands = [logged_from_json(line) for line in request.get("commands") or []]
    images = _images(recipe, request, blob)
    task = _number(request, "task", 1 << 32)
    before_run()
    replayed = replay_to(recipe, images, seq, commands=commands)
    space = _space(replayed, task)
    pieces = list(_pieces(space, address, length))
    return {
        "ok": True,
        "seq": replayed.seq,
        "pieces": [[f"{start:#x}", len(data)] for start, data in pieces],
        "maps": [[f"{a:#x}", f"{b:#x}", words] for a, b, words in _maps(space)],
    }, b"".join(data for _, data in pieces)


def _number(request: Mapping[str, Any], name: str, most: int) -> int:
    value = request.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise RecipeError(f"{value!r:.40}; allowed: 0 to {most}", field=name)
    return value


def _address(request: Mapping[str, Any]) -> int:
    text = str(request.get("address"))
    try:
        value = int(text, 16)
    except ValueError:
        value = -1
    if not 0 <= value <= _MAX_U64:
        raise RecipeError(f"“{text:.40}”; allowed: 0x… of 64 bits", field="address")
    return value


def _images(
    recipe: Recipe, request: Mapping[str, Any], blob: bytes
) -> dict[str, bytes]:
    """By SHA-256."""
    sizes = request.get("images")
    wanted = [ref.sha256 for ref in recipe.images]
    if not isinstance(sizes, list) or len(sizes) != len(wanted):
        raise RecipeError(f"allowed: the sizes of {len(wanted)}", field="images")
    if not all(isinstance(size, int) and size >= 0 for size in sizes):
        raise RecipeError("allowed: numbers of bytes", field="images")
    found = [
        blob[end - size : end]
        for size, end in zip(sizes, accumulate(sizes), strict=True)
    ]
    for index, (sha256, data) in enumerate(zip(wanted, found, strict=True)):
        if hashlib.sha256(data).hexdigest() != sha256:
            raise RecipeError("other bytes than the recipe's", field=f"images[{index}]")
    return dict(zip(wanted, found, strict=True))


def _space(replayed: Replayed, pid: int) -> AddressSpace:
    """Of the task; the kernel's own where there is none of that pid."""
    tasks = replayed.system.tasks
    live = (t for t in tasks if t.pid == pid and t.state is not TaskState.UNBORN)
    task: Task | None = next(live, None)
    return replayed.system.machine.kernel_space if task is None else task.space


def _pieces(space: AddressSpace, address: int, length: int) -> Iterator[Piece]:
    """What is mapped, neighbours joined."""
    start, data = address, b""
    end = address + length
    at = address
    while at < end:
        size = min(end - at, PAGE - at % PAGE)
        if space.translate(at) is None:
            if data:
                yield start, data
            start, data = at + size, b""
        else:
            data += space.read(at, size, 0)
        at += size
    if data:
        yield start, data


def _protection(bits: int) -> str:
    letters = ((READ, "r"), (WRITE, "w"), (EXECUTE, "x"))
    return "".join(letter if bits & bit else "-" for bit, letter in letters)


def _maps(space: AddressSpace) -> list[tuple[int, int, str]]:
    """Ranges of pages with the same protection, lowest first."""
    pages = dict(space.kernel.pages if space.kernel is not None else {}) | space.pages
    found: list[tuple[int, int, str]] = []
    for number in sorted(pages):
        words = _protection(pages[number].protection)
        start, end = number * PAGE, (number + 1) * PAGE
        if found and found[-1][1] == start and found[-1][2] == words:
            found[-1] = (found[-1][0], end, words)
        else:
            found.append((start, end, words))
    return found[:MAX_MAPS]
