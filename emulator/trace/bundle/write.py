"""Writes a bundle as a stream: members go out as they come, their hashes at the end."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator

from emulator.trace.bundle.layout import BLOCK, SUMS

#: The same members make the same file.
_TIME = (1980, 1, 1, 0, 0, 0)


class _Outlet(io.RawIOBase):
    """A file that cannot seek; what was written is taken away."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]  # any buffer
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """What came since the last time."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def bundle_bytes(members: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The file of these members (name, content), and SHA256SUMS of them as the last one.
    Blocks of the trace are compressed already."""
    outlet = _Outlet()
    sums = []
    with zipfile.ZipFile(outlet, "w") as archive:
        for name, content in members:
            _add(archive, name, content)
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
            yield outlet.take()
        _add(archive, SUMS, "".join(sums).encode())
    yield outlet.take()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, _TIME)
    packed = zipfile.ZIP_STORED if BLOCK.match(name) else zipfile.ZIP_DEFLATED
    member.compress_type = packed
    archive.writestr(member, content)
