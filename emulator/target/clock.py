"""The instruction clock: the engine's own counter, read at any moment (decisions D1)."""

from __future__ import annotations

import ctypes
import struct
from functools import lru_cache
from typing import Any

from unicorn import UC_ARCH_X86, UC_MODE_64
from unicorn.unicorn_py3 import Uc

_HANDLE_BYTES = 0x2000
_LOOP = bytes.fromhex("48c7c1e80300004883c00148ffc975f7f4")


def handle_of(uc: Any) -> int:
    """The engine's handle as an integer."""
    handle = uc._uch
    return int(getattr(handle, "value", handle))


@lru_cache(maxsize=1)
def counter_offset() -> int:
    """Offset in the handle of the executed-instruction counter (decisions D1).

    Found by running three different counts and keeping the one word that follows.
    Raises RuntimeError when the engine has no such word.
    """
    found: set[int] | None = None
    for count in (7, 13, 29):
        uc: Any = Uc(UC_ARCH_X86, UC_MODE_64)
        uc.ctl_set_tcg_buffer_size(1 << 20)
        uc.mem_map(0x1000, 0x1000)
        uc.mem_write(0x1000, _LOOP)
        uc.emu_start(0x1000, 0x1000 + len(_LOOP) - 1, count=count)
        image = ctypes.string_at(handle_of(uc), _HANDLE_BYTES)
        words = struct.unpack(f"<{_HANDLE_BYTES // 8}Q", image)
        offsets = {8 * i for i, word in enumerate(words) if word == count + 1}
        found = offsets if found is None else found & offsets
    if found is None or len(found) != 1:
        raise RuntimeError(f"the engine's instruction counter was not found: {found}")
    return found.pop()
