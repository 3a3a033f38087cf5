# A program of user mode: stores once and calls once, then exits.

        .globl  _start, watched, called
_start:
        movl    $7, watched(%rip)
        call    called
        movl    $60, %eax
        xorl    %edi, %edi
        syscall

called:
        nop
        ret

        .data
        .balign 8
watched:
        .quad   0
