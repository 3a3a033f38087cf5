"""What stands where in a bundle, and how long it may be. docs/bundle.md says the same."""

from __future__ import annotations

import re

FORMAT = "hwbpweb-bundle"
VERSION = 2
#: Version 1 has remarks without answers, earlier texts and parts but registers.
READ_VERSIONS = (1, 2)

MANIFEST = "manifest.json"
RECIPE = "recipe.json"
COMMANDS = "commands.ndjson"
ANNOTATIONS = "annotations.json"
PATCH = "patch.txt"
SUMS = "SHA256SUMS"

BLOCKS = ("hot", "cold", "side")
IMAGE = re.compile(r"images/([0-9a-f]{64})\Z")
BLOCK = re.compile(r"trace/([0-9]{20})\.(hot|cold|side)\Z")

_MIB = 1 << 20
#: Bytes of a member, unpacked.
LONGEST = {
    MANIFEST: 4 * _MIB,
    RECIPE: 4 * _MIB,
    COMMANDS: 64 * _MIB,
    ANNOTATIONS: 16 * _MIB,
    PATCH: 4 * _MIB,
    SUMS: 4 * _MIB,
}
LONGEST_IMAGE = 16 * _MIB
LONGEST_BLOCK = 16 * _MIB
MOST_IMAGES = 64
#: 40 million events in chunks of 4096, three blocks each.
MOST_MEMBERS = 30_000
#: Of all members together.
LARGEST = 1024 * _MIB
#: Of all texts together, unpacked.
MOST_TEXT = 64 * _MIB
#: A hit has two snapshots and at least one event of its own.
SNAPSHOTS_PER_EVENT = 2
MOST_ANNOTATIONS = 10_000
#: Earlier texts of one remark.
MOST_EARLIER = 100
MOST_COMMANDS = 200_000


def block_name(first_seq: int, block: str) -> str:
    """Where a block of a chunk stands."""
    return f"trace/{first_seq:020d}.{block}"


def image_name(sha256: str) -> str:
    """Where a program stands."""
    return f"images/{sha256}"


def longest(name: str) -> int | None:
    """How long a member may be; None: a bundle has no such member."""
    if name in LONGEST:
        return LONGEST[name]
    if IMAGE.match(name):
        return LONGEST_IMAGE
    return LONGEST_BLOCK if BLOCK.match(name) else None
