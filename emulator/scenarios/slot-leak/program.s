# Asks for a watchpoint that cannot be had, then watches on the free CPU.

        .globl  _start
        .type   _start, @function
_start:
        int3                            # the debugger asks five times
        .globl  afterwards
afterwards:
        movl    $1, mine(%rip)          # perf on CPU 0 would like to see this
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
        .globl  demo_counter
        .type   demo_counter, @object
        .size   demo_counter, 4
        .balign 64
demo_counter:
        .long 0

        .globl  mine
        .type   mine, @object
        .size   mine, 4
        .balign 64
mine:
        .long 0

        .globl  taken
        .type   taken, @object
        .size   taken, 8
        .balign 64
taken:
        .fill 4, 8, 0
