# Stops for the debugger; a guest runs; then one write.

        .globl  _start
        .type   _start, @function
_start:
        int3
        .globl  back_from_guest
back_from_guest:
        movl    $1, demo_counter(%rip)
        nop
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
