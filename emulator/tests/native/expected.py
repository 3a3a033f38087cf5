"""What c/counter.c writes, computed independently of any emulator."""

COUNTER_VALUES = [(n * 0x9E3779B97F4A7C15 + 1) % 2**64 for n in range(1, 1001)]
