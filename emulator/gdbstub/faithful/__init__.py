"""The faithful face: kernel/debug/gdbstub.c of some kernel, see rules.py."""
