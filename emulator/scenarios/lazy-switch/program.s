# Stops for the debugger, gives the CPU away, then writes once.

        .globl  _start
        .type   _start, @function
_start:
        int3
        .globl  give_away
give_away:
        movl    $3000, %ecx             # the traced program gets the CPU here
.Lwork: decl    %ecx
        jnz     .Lwork
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
