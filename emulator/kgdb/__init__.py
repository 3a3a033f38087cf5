"""kgdb: the kernel debugger inside. Linux: kernel/debug/, arch/x86/kernel/kgdb.c."""
