"""Opens the file of a bundle and hands out members whose length and hash were checked."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator

from emulator.errors import BundleError
from emulator.trace.bundle.layout import LARGEST, MOST_MEMBERS, SUMS, longest

_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    OverflowError,
    ValueError,
    NotImplementedError,  # a compression or version that zipfile does not know
    RuntimeError,  # encrypted
)
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """The members of a bundle by name. Nothing is ever unpacked to a disk."""

    def __init__(self, data: bytes) -> None:
        """Raises BundleError for what is no ZIP file, or has members it may not have."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGED as error:
            raise BundleError(
                f"this is no bundle, or not all of it: {error}"
            ) from error
        self._members = dict(_checked(self._zip.infolist()))
        self._sums = self._read_sums()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    @property
    def names(self) -> list[str]:
        """All but the list of hashes, in the order of the file."""
        return [name for name in self._members if name != SUMS]

    def read(self, name: str) -> bytes:
        """A member whose hash is the stated one. Raises BundleError."""
        content = self._content(name)
        if hashlib.sha256(content).hexdigest() != self._sums.get(name):
            raise BundleError(f"its SHA-256 is not the one in {SUMS}", field=name)
        return content

    def _content(self, name: str) -> bytes:
        member = self._members.get(name)
        if member is None:
            raise BundleError("missing", field=name)
        try:
            with self._zip.open(member) as source:
                # One byte more than stated: a member may be longer than it says.
                content = source.read(member.file_size + 1)
        except _DAMAGED as error:
            raise BundleError(f"damaged: {error}", field=name) from error
        if len(content) != member.file_size:
            raise BundleError("has another length than stated", field=name)
        return content

    def _read_sums(self) -> dict[str, str]:
        sums: dict[str, str] = {}
        for line in self._content(SUMS).decode("ascii", "replace").splitlines():
            digest, _, name = line.partition("  ")
            if name in sums:
                raise BundleError(f"{name[:80]} stands there twice", field=SUMS)
            sums[name] = digest
        if set(sums) != set(self.names):
            raise BundleError("does not list exactly the members", field=SUMS)
        return sums


def _checked(members: list[zipfile.ZipInfo]) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """By what the directory claims; nothing is unpacked yet."""
    if len(members) > MOST_MEMBERS:
        raise BundleError(f"{len(members)} members, at most {MOST_MEMBERS} allowed")
    total = 0
    seen: set[str] = set()
    for member in members:
        name = member.filename
        most = longest(name)
        if most is None:
            raise BundleError(f"a bundle has no member {name[:80]!r}")
        if name in seen:
            raise BundleError("is there twice", field=name)
        if member.file_size > most:
            detail = f"{member.file_size} bytes, at most {most} allowed"
            raise BundleError(detail, field=name)
        if member.compress_type not in _PACKED or member.flag_bits & 1:
            raise BundleError("is packed in a way that bundles are not", field=name)
        seen.add(name)
        total += member.file_size
        yield name, member
    if total > LARGEST:
        raise BundleError(f"{total} bytes unpacked, at most {LARGEST} allowed")
