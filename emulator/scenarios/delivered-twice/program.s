# Stops for the debugger, then writes once.

        .globl  _start
        .type   _start, @function
_start:
        int3
        movl    $1, demo_counter(%rip)
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
