"""For tests that need GNU as and ld on the host."""

from __future__ import annotations

import pytest

from emulator.programs import toolchain

needs_assembler = pytest.mark.skipif(
    not toolchain.available(), reason="GNU as and ld for x86-64 are not installed"
)
