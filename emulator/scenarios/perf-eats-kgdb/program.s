# A kernel thread stops for the debugger, then counts to three.

        .globl  _start
        .type   _start, @function
_start:
        int3                            # kgdb_breakpoint(): the debugger may set breakpoints
        movl    $3, %ebx
.Lagain:
        addl    $1, demo_counter(%rip)
        decl    %ebx
        jnz     .Lagain
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
