"""Rules between fields of a recipe: names, references, places.

What the kernel itself would refuse is no rule here: a fifth breakpoint on a CPU is a
run whose registration fails with -ENOSPC.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.errors import RecipeError
from emulator.recipe import bounds
from emulator.recipe.fields import refuse
from emulator.recipe.model import BreakpointType, ImageRef, Mode, Owner, Recipe, Task
from emulator.recipe.script import Do, Entry
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
    _unique([n.name for n in recipe.notifiers], "notifiers", "name")
    for number, entry in enumerate(recipe.script):
        _check_entry(recipe, entry, f"script[{number}]")


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
        if bp.cpu is not None and bp.cpu >= recipe.machine.cpus:
            raise refuse(
                bp.cpu, f"0..{recipe.machine.cpus - 1} (machine.cpus)", f"{path}.cpu"
            )
        if bp.owner is Owner.kgdb and recipe.kgdb is None:
            raise refuse(bp.owner, "an owner other than kgdb without kgdb", path)
        if bp.owner is Owner.kgdb:
            continue  # the debugger's own set knows no alignment: model.md 6.4
        if bp.at.startswith("0x") and bp.type is not BreakpointType.execute:
            check_alignment(int(bp.at, 16), bp.length, field=f"{path}.at")


def _check_entry(recipe: Recipe, entry: Entry, path: str) -> None:
    names = [task.name for task in recipe.tasks]
    for member in ("task", "child"):
        name = entry.parameters.get(member)
        if name is not None and name not in names:
            raise refuse(
                name, f"a name of tasks: {', '.join(names)}", f"{path}.{member}"
            )
    counts = {
        "breakpoint": (len(recipe.breakpoints), "breakpoints"),
        "notifier": (len(recipe.notifiers), "notifiers"),
        "cpu": (recipe.machine.cpus, "machine.cpus"),
    }
    for member, (count, section) in counts.items():
        index = entry.parameters.get(member)
        if index is not None and index >= count:
            raise refuse(index, f"below {count} ({section})", f"{path}.{member}")
    if entry.at.cpu >= recipe.machine.cpus:
        raise refuse(
            entry.at.cpu,
            f"below {recipe.machine.cpus} (machine.cpus)",
            f"{path}.at.cpu",
        )
    needs_kgdb = entry.do in (Do.packet, Do.kgdb_arch_late)
    if needs_kgdb and recipe.kgdb is None:
        raise refuse(entry.do, "an action without kgdb, or state kgdb", f"{path}.do")
