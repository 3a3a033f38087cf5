"""The shipped scenarios are whole: words, images, sources and breakpoints fit together."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from emulator.errors import RecipeError
from emulator.programs import load_elf
from emulator.programs.assemble import KERNEL_BASE, USER_BASE, assemble
from emulator.recipe import BreakpointType, Mode, resolve
from emulator.recipe.symbols import check_alignment
from emulator.scenarios import Scenario, list_scenarios, load, scenario_ids
from emulator.scenarios.build import build
from emulator.scenarios.library import FOLDER
from emulator.tests.programs.assembling import needs_assembler

EACH = pytest.mark.parametrize("scenario", list_scenarios(), ids=scenario_ids())


def test_every_folder_is_listed() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/recipe.json")}

    assert folders == set(scenario_ids())


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(RecipeError) as caught:
        load("../recipe")

    assert caught.value.field == "scenario"


@EACH
def test_the_images_are_those_of_the_recipe(scenario: Scenario) -> None:
    wanted = {image.sha256 for image in scenario.recipe.images}

    assert {hashlib.sha256(b).hexdigest() for b in scenario.images.values()} == wanted


@EACH
def test_title_summary_and_text_are_there_to_read(scenario: Scenario) -> None:
    assert len(scenario.title) < 60 < len(scenario.summary) < 300 < len(scenario.text)


@EACH
def test_every_breakpoint_has_a_place(scenario: Scenario) -> None:
    symbols: dict[str, int] = {}
    for data in scenario.images.values():
        symbols |= load_elf(data).addresses

    for bp in scenario.recipe.breakpoints:
        address = resolve(bp.at, symbols)
        if bp.type is not BreakpointType.execute:
            check_alignment(address, bp.length, field="at")
        assert address >= USER_BASE


@EACH
def test_every_task_has_an_entry_in_its_image(scenario: Scenario) -> None:
    for task in scenario.recipe.tasks:
        sha256 = scenario.recipe.image(task.image).sha256
        program = load_elf(scenario.images[sha256])

        entry = resolve(task.entry, program.addresses)
        assert any(s.execute and s.address <= entry < s.end for s in program.segments)


@EACH
@needs_assembler
def test_the_sources_still_make_the_same_programs(scenario: Scenario) -> None:
    for name, source in scenario.sources.items():
        modes = {t.mode for t in scenario.recipe.tasks if t.image == name}
        base = KERNEL_BASE if Mode.kernel in modes else USER_BASE
        shipped = scenario.images[scenario.recipe.image(name).sha256]

        made = load_elf(assemble(source, base=base))
        # Not the file: other releases of binutils order its tables differently.
        assert made.segments[1:] == load_elf(shipped).segments[1:]


@needs_assembler
def test_building_again_changes_nothing_but_what_differs(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(FOLDER / "watched-counter", folder)
    (folder / "program.elf").write_bytes(b"old")

    changed = build(folder)

    assert [path.name for path in changed][:1] == ["program.elf"]
