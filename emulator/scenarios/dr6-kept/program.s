# Writes two variables, each watched by its tracer.

        .globl  _start, first, second
        .type   _start, @function
_start:
        movl    $1, first(%rip)
        movl    $1, second(%rip)
        movl    $60, %eax
        xorl    %edi, %edi
        syscall
        .size   _start, . - _start

        .data
        .balign 8
        .type   first, @object
        .size   first, 8
first:  .quad   0
        .type   second, @object
        .size   second, 8
second: .quad   0
