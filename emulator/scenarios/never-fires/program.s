# Writes one counter, and after the debugger has had its say another one.

        .globl  _start
        .type   _start, @function
_start:
        int3                            # the debugger watches the first counter
        movl    $1, first(%rip)         # stop: the debugger adds the second
        movl    $1, second(%rip)        # never seen
        movl    $1, go(%rip)            # let the other CPU write it too
        movl    $2, second(%rip)
        movl    $2, first(%rip)
        hlt
        .size   _start, . - _start

        .globl  spin
        .type   spin, @function
spin:                                   # the other CPU: waits, then writes as well
        cmpl    $0, go(%rip)
        je      spin
        movl    $3, second(%rip)
        hlt
        .size   spin, . - spin

        .data
        .balign 64
        .globl  first
        .type   first, @object
        .size   first, 4
        .balign 64
first:
        .long 0

        .globl  second
        .type   second, @object
        .size   second, 4
        .balign 64
second:
        .long 0

        .globl  go
        .type   go, @object
        .size   go, 4
        .balign 64
go:
        .long 0
