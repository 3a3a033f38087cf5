# copy_name() copies a string into 16 bytes of its stack frame and does not look at
# the length. The second name is 24 bytes long: its tail replaces the return address.

        .globl  _start
        .type   _start, @function
_start:
        leaq    stack_top(%rip), %rsp   # a stack with a name, to put a watch on
        leaq    short_name(%rip), %rsi
        movl    $short_name_end - short_name, %ecx
        call    copy_name
        leaq    stack_top(%rip), %rsp
        leaq    long_name(%rip), %rsi
        movl    $long_name_end - long_name, %ecx
        call    copy_name
        movl    $60, %eax               # exit(0): never reached the second time
        xorl    %edi, %edi
        syscall
        .size   _start, . - _start

        # copy_name(from = rsi, length = ecx)
        .globl  copy_name
        .type   copy_name, @function
copy_name:
        subq    $16, %rsp               # char name[16]
        movq    %rsp, %rdi
.Lcopy:
        movb    (%rsi), %al
        movb    %al, (%rdi)             # byte 16 and later belong to the caller
        incq    %rsi
        incq    %rdi
        decl    %ecx
        jnz     .Lcopy
        addq    $16, %rsp
        ret
        .size   copy_name, . - copy_name

        .globl  never_called
        .type   never_called, @function
never_called:
        movl    $1, %eax
        movl    $2, %edi
        leaq    message(%rip), %rsi
        movl    $message_end - message, %edx
        syscall
        movl    $60, %eax
        movl    $1, %edi
        syscall
        .size   never_called, . - never_called

        .section .rodata
short_name:
        .ascii  "Ada Lovelace"
short_name_end:
long_name:
        .ascii  "sixteen letters!"
        .quad   never_called            # what the copy puts over the return address
long_name_end:
message:
        .ascii  "nobody calls never_called\n"
message_end:

        .bss
        .balign 16
stack_bottom:
        .skip   4096 - 8
        .globl  saved_return
        .type   saved_return, @object
        .size   saved_return, 8
saved_return:
        .skip   8
stack_top:
