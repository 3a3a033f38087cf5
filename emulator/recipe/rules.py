"""Rules between fields of a recipe: names, references, places.

What the kernel itself would refuse is no rule here: a fifth breakpoint on a CPU is a
run whose registration fails with -ENOSPC.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.errors import RecipeError
from emulator.recipe import bounds
from emulator.recipe.fields import refuse
from emulator.recipe.model import BreakpointType, ImageRef, Mode, Recipe, Task
from emulator.recipe.symbols import check_alignment


def check_rules(recipe: Recipe) -> None:
    """Raise RecipeError for the first rule that the recipe breaks."""
    _unique([i.name for i in recipe.images], "images", "name")
    _unique([t.name for t in recipe.tasks], "tasks", "name")
    _unique([t.pid for t in recipe.tasks], "tasks", "pid")
    if recipe.machine.memory > recipe.limits.memory:
        raise refuse(
            recipe.machine.memory,
            f"at most limits.memory, {recipe.limits.memory}",
            "machine.memory",
        )
    for number, image in enumerate(recipe.images):
        _check_flat(image, f"images[{number}]")
    for number, task in enumerate(recipe.tasks):
        _check_task(recipe, task, f"tasks[{number}]")
    _check_breakpoints(recipe)


def _unique(values: Iterable[object], section: str, member: str) -> None:
    seen: dict[object, int] = {}
    for number, value in enumerate(values):
        if value in seen:
            raise refuse(
                value,
                f"a {member} that {section}[{seen[value]}] does not have",
                f"{section}[{number}].{member}",
            )
        seen[value] = number


def _check_task(recipe: Recipe, task: Task, path: str) -> None:
    names = [image.name for image in recipe.images]
    if task.image not in names:
        raise refuse(
            task.image, f"a name of images: {', '.join(names)}", f"{path}.image"
        )
    if task.cpu >= recipe.machine.cpus:
        raise refuse(
            task.cpu, f"0..{recipe.machine.cpus - 1} (machine.cpus)", f"{path}.cpu"
        )
    size = sum(len(s.encode()) + 1 for s in task.args + task.env)
    if size > bounds.MAX_ARGUMENT_BYTES:
        raise RecipeError(
            f"args and env have {size} bytes; allowed: at most "
            f"{bounds.MAX_ARGUMENT_BYTES}",
            field=f"{path}.args",
        )
    load = recipe.image(task.image).load
    if load is not None and (load >= bounds.KERNEL_START) != (task.mode is Mode.kernel):
        half = "upper" if task.mode is Mode.user else "lower"
        raise RecipeError(
            f'"{task.mode}" is not allowed here; image {task.image} is loaded in the '
            f"{half} half",
            field=f"{path}.mode",
        )


def _check_flat(image: ImageRef, path: str) -> None:
    if image.load is None:
        return
    if image.load % bounds.PAGE:
        raise refuse(hex(image.load), "a multiple of 0x1000", f"{path}.load")
    if not bounds.PAGE <= image.load < bounds.USER_END and (
        image.load < bounds.KERNEL_START
    ):
        raise refuse(
            hex(image.load),
            f"0x1000..{bounds.USER_END - 1:#x} or from {bounds.KERNEL_START:#x} on",
            f"{path}.load",
        )


def _check_breakpoints(recipe: Recipe) -> None:
    names = [task.name for task in recipe.tasks]
    for number, bp in enumerate(recipe.breakpoints):
        path = f"breakpoints[{number}]"
        if bp.task is not None and bp.task not in names:
            raise refuse(
                bp.task, f"a name of tasks: {', '.join(names)}", f"{path}.task"
            )
        if bp.at.startswith("0x") and bp.type is not BreakpointType.execute:
            check_alignment(int(bp.at, 16), bp.length, field=f"{path}.at")
