# Writes the second of two watched counters.

        .globl  _start
        .type   _start, @function
_start:
        int3
        movl    $1, second(%rip)
        hlt
        .size   _start, . - _start

        .globl  spin
        .type   spin, @function
spin:                                   # the other CPU at work
        movl    $2000, %ecx
.Lspin: pause
        decl    %ecx
        jnz     .Lspin
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
