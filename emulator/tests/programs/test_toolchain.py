"""Finding the host's tools and keeping them in."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.errors import ToolMissing
from emulator.programs import toolchain
from emulator.programs.confine import landlock_abi
from emulator.tests.programs.assembling import needs_assembler


def test_a_missing_tool_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(toolchain, "SEARCH", str(tmp_path))
    toolchain.find.cache_clear()
    try:
        with pytest.raises(ToolMissing, match="GNU as .* binutils"):
            toolchain.find("as")
    finally:
        toolchain.find.cache_clear()


@needs_assembler
def test_a_tool_is_a_whole_path() -> None:
    assert Path(toolchain.find("ld")).is_absolute()


def test_confinement_is_what_the_kernel_offers() -> None:
    assert toolchain.can_confine() == (landlock_abi() > 0)


@needs_assembler
def test_a_tool_that_fails_says_why(tmp_path: Path) -> None:
    done = toolchain.run_confined("ld", ["--no-such-flag"], tmp_path)

    assert (done.status != 0, "no-such-flag" in done.messages) == (True, True)


@needs_assembler
def test_a_tool_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    if not toolchain.can_confine():
        pytest.skip("this kernel has no Landlock")
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "program.s").write_text("nop\n", encoding="utf-8")

    done = toolchain.run_confined("as", ["-o", "../outside.o", "program.s"], folder)

    assert (done.status != 0, (tmp_path / "outside.o").exists()) == (True, False)
