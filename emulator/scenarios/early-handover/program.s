# Writes while kgdb is early, in between, and late.

        .globl  _start
        .type   _start, @function
_start:
        int3                            # early: the debugger sets its watchpoint
        movl    $1, demo_counter(%rip)  # seen
        .globl  perf_is_up
perf_is_up:
        movl    $2, demo_counter(%rip)  # nobody owns the slot
        nop
        int3                            # the debugger comes in again
        movl    $3, demo_counter(%rip)  # seen
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
