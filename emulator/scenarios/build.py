"""``python -m emulator.scenarios.build``: assemble the sources and renew the recipes.

Writes <name>.elf beside each <name>.s and its SHA-256 into recipe.json. Different
releases of binutils make different bytes: run it only after changing a source.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from emulator.errors import EmulatorError
from emulator.programs.assemble import KERNEL_BASE, USER_BASE, assemble
from emulator.recipe import parse
from emulator.scenarios.library import FOLDER, scenario_ids


def build(folder: Path) -> list[Path]:
    """Renew one scenario's folder; returns the files that changed."""
    path = folder / "recipe.json"
    recipe: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    changed = []
    for image in recipe["images"]:
        name = image["name"]
        data = assemble(
            (folder / f"{name}.s").read_text(encoding="utf-8"), base=_base(recipe, name)
        )
        image["sha256"] = hashlib.sha256(data).hexdigest()
        changed += _write(folder / f"{name}.elf", data)
    parse(recipe)
    text = json.dumps(recipe, indent=2, ensure_ascii=False) + "\n"
    return changed + _write(path, text.encode())


def _base(recipe: dict[str, Any], image: str) -> int:
    modes = {t.get("mode", "user") for t in recipe["tasks"] if t["image"] == image}
    return KERNEL_BASE if "kernel" in modes else USER_BASE


def _write(path: Path, data: bytes) -> list[Path]:
    if path.exists() and path.read_bytes() == data:
        return []
    path.write_bytes(data)
    return [path]


def main() -> int:
    """Renew all scenarios; 1 when one cannot be built."""
    for name in scenario_ids():
        try:
            changed = build(FOLDER / name)
        except EmulatorError as error:
            sys.stderr.write(f"{name}: {error.detail}\n")
            return 1
        for path in changed:
            sys.stdout.write(f"{path.relative_to(FOLDER)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
