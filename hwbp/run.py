"""``hwbp run``: a recipe of a file or a scenario of the library, on the server."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwbp.errors import Status, Usage
from hwbp.rest import Api, Json

OVER = ("finished", "failed", "cancelled")
_LOOK = 0.2
_MOST_LOOKS = 25
_LARGEST_IMAGE = 16 << 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    recipe: str
    """A file, or the id of a scenario."""
    variant: str | None = None
    session: str | None = None
    images: tuple[Path, ...] = ()
    paused: bool = False
    wait: bool = False


def run(api: Api, wish: Wish) -> Status:
    """Start it; with wait, stay until it is over. The id (and digest) on stdout."""
    started = start(api, wish)
    if not wish.wait:
        sys.stdout.write(f"{started['id']}\n")
        return Status.DONE
    ended = until_over(api, started["id"])
    sys.stdout.write(f"{ended['id']} {ended['digest'] or '-'}\n")
    return told_end(ended)


def told_end(ended: Mapping[str, Any]) -> Status:
    """Say on stderr how a run ended; the exit status of that."""
    words = ended["outcome"] or ended["state"]
    if ended["detail"]:
        words += f": {ended['detail']}"
    sys.stderr.write(f"hwbp: {words}\n")
    return Status.DONE if ended["state"] == "finished" else Status.NO


def start(api: Api, wish: Wish) -> Json:
    """The run, queued."""
    path = Path(wish.recipe)
    if path.is_file():
        return _start_file(api, wish, path)
    if path.suffix == ".json" or len(path.parts) > 1:
        raise Usage(f"{wish.recipe} is no file that can be read")
    return _start_scenario(api, wish)


def until_over(api: Api, run_id: str) -> Json:
    """The run once it is over. Looks less often the longer it takes; while it is queued
    its place is said on stderr when it changes."""
    looks, said = 0, None
    while True:
        found: Json = api.get(f"runs/{run_id}/")
        if found["state"] in OVER:
            return found
        place = found.get("place")  # a server of before there were places has none
        if place and place != said:
            sys.stderr.write(f"hwbp: queued, place {place}\n")
        said = place
        looks = min(looks + 1, _MOST_LOOKS)
        time.sleep(_LOOK * (1 + looks // 5))


def _start_scenario(api: Api, wish: Wish) -> Json:
    if wish.session or wish.images:
        raise Usage("a scenario brings its images and makes a session of its own")
    body: Json = {"paused": wish.paused}
    if wish.variant:
        body["variant"] = wish.variant
    session = api.post(f"scenarios/{wish.recipe}/run/", body)
    runs: list[Json] = api.get(f"sessions/{session['id']}/runs/")["results"]
    return runs[-1]


def _start_file(api: Api, wish: Wish, path: Path) -> Json:
    recipe = _recipe(path)
    if wish.variant:
        recipe["variant"] = {"base": wish.variant, "set": {}}
    upload_images(api, recipe, [*wish.images, *_beside(path)], path)
    stored = api.post("recipes/", recipe)
    session = wish.session or api.post("sessions/", {"title": path.stem})["id"]
    body = {"session": session, "recipe": stored["id"], "paused": wish.paused}
    made: Json = api.post("runs/", body)
    return made


def _recipe(path: Path) -> Json:
    try:
        recipe = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Usage(f"{path} is no recipe: {error}") from error
    if not isinstance(recipe, dict):
        raise Usage(f"{path} is no recipe: a JSON object is expected")
    return recipe


def _beside(path: Path) -> list[Path]:
    """Files next to the recipe that may be its images."""
    return sorted(
        other
        for other in path.resolve().parent.iterdir()
        if other.is_file() and other.suffix != ".json"
    )


def upload_images(
    api: Api, recipe: Mapping[str, Any], files: Iterable[Path], path: Path
) -> None:
    """Send the files whose SHA-256 the recipe names. What is not found here may be on
    the server already; it says so if not."""
    images = recipe.get("images")
    wanted = {
        image.get("sha256")
        for image in (images if isinstance(images, list) else [])
        if isinstance(image, dict)
    }
    for file in files:
        if file.stat().st_size > _LARGEST_IMAGE or not wanted:
            continue
        data = file.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in wanted:
            wanted.discard(sha256)
            api.upload("images/", file.name, data)
