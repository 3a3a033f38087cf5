# A traced program: works, writes what its tracer watches.

        .globl  _start, watched
        .type   _start, @function
_start:
        movl    $1, watched(%rip)
        movl    $60, %eax
        xorl    %edi, %edi
        syscall
        .size   _start, . - _start

        .data
        .balign 8
        .type   watched, @object
        .size   watched, 8
watched:
        .quad   0
