# Test threads of the probe module: each serves one mailbox of four words.
#   0: command (0 idle, 1 read 8, 2 write 8, 3 write 4, 4 call f0, 5 int3), 8: address,
#   16: value, 24: spare.
# rdi holds the mailbox.

        .globl  _start, idle, f0, st8, st4, ld8, brk, v
_start:
idle:   movq    (%rdi), %rax
        testq   %rax, %rax
        jz      idle
        movq    8(%rdi), %rbx
        movq    16(%rdi), %rcx
        cmpq    $1, %rax
        je      1f
        cmpq    $2, %rax
        je      2f
        cmpq    $3, %rax
        je      3f
        cmpq    $4, %rax
        je      4f
        call    brk
        jmp     9f
1:      call    ld8
        jmp     9f
2:      call    st8
        jmp     9f
3:      call    st4
        jmp     9f
4:      call    f0
9:      movq    $0, (%rdi)
        jmp     idle

        .balign 16
f0:     nop
        nop
        nop
        nop
        ret
        .balign 16
st8:    movq    %rcx, (%rbx)
        nop
        nop
        ret
        .balign 16
st4:    movl    %ecx, (%rbx)
        nop
        ret
        .balign 16
ld8:    movq    (%rbx), %rdx
        nop
        ret
        .balign 16
brk:    int3
        nop
        ret

        .data
        .balign 4096
        .globl  mailboxes
mailboxes:
        .fill   64, 8, 0
        .balign 4096
v:      .fill   64, 8, 0
