# Three calls of a function with an execute breakpoint on its first instruction.

        .globl  _start
        .type   _start, @function
_start:
        movl    $3, %ebx
.Lagain:
        call    tick_account
        decl    %ebx
        jnz     .Lagain
        movl    $60, %eax               # exit(0)
        xorl    %edi, %edi
        syscall
        .size   _start, . - _start

        .globl  tick_account
        .type   tick_account, @function
tick_account:
        addl    $1, demo_counter(%rip)
        ret
        .size   tick_account, . - tick_account

        .data
        .globl  demo_counter
        .type   demo_counter, @object
        .size   demo_counter, 4
demo_counter:
        .long   0
