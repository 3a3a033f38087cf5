"""What a recipe may ask for at most. No limit has an unlimited value.

docs/recipe.md and recipe.schema.json repeat these numbers; a test holds them together.
"""

FORMAT = 1

MAX_RECIPE_BYTES = 1 << 20
PAGE = 4096

MAX_CPUS = 8
MIN_MEMORY = 4 << 20
MAX_MEMORY = 1 << 30
MAX_REP_SLACK = 64

MAX_IMAGES = 16
MAX_SYMBOLS = 4096
MAX_TASKS = 64
MAX_BREAKPOINTS = 64
"""More than the four slots of a CPU on purpose: -ENOSPC is the kernel's answer."""

MAX_NOTIFIERS = 16
MAX_SCRIPT = 1024
MAX_PACKET = 4096
"""Characters of a scripted packet before its locations are filled in."""
MAX_RESTOPS = 1000
MAX_PERIOD = 2**53 - 1
MAX_COUNT = 2**53 - 1
"""Hits to ignore, and hits to be told of."""

MAX_PID = 4_194_304
MIN_STACK = 8 << 10
MAX_STACK = 8 << 20
MAX_STRINGS = 256
MAX_STRING = 4096
MAX_ARGUMENT_BYTES = 64 << 10
"""args and env of one task together, with their NULs."""

MAX_QUANTUM = 1_000_000
MAX_SEED = 2**53 - 1

MAX_INSTRUCTIONS = 100_000_000_000
MAX_EVENTS = 10_000_000
MAX_WALL_MS = 3_600_000
MAX_OUTPUT = 16 << 20

#: Addresses from here on are the kernel's (x86-64 with 4-level paging).
KERNEL_START = 0xFFFF_8000_0000_0000
#: Linux' TASK_SIZE_MAX: user addresses end below.
USER_END = 0x7FFF_FFFF_F000
