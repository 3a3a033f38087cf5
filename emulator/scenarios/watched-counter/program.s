# A timer tick that charges work to a counter. Three breakpoints look at it:
# a write watch on demo_counter, an access watch on demo_total, an execute
# breakpoint on tick_report.

        .set    TICKS, 300

        .globl  _start
        .type   _start, @function
_start:
        xorl    %ebx, %ebx              # number of the tick
.Lnext_tick:
        incl    %ebx
        movl    %ebx, %edi
        call    tick_account
        movl    %ebx, %eax
        xorl    %edx, %edx
        movl    $10, %ecx
        divl    %ecx
        testl   %edx, %edx              # every tenth tick
        jnz     .Lno_flush
        call    tick_flush
.Lno_flush:
        movl    %ebx, %eax
        xorl    %edx, %edx
        movl    $100, %ecx
        divl    %ecx
        testl   %edx, %edx              # every hundredth tick
        jnz     .Lno_report
        call    tick_report
.Lno_report:
        cmpl    $TICKS, %ebx
        jne     .Lnext_tick
        movl    $60, %eax               # exit(0)
        xorl    %edi, %edi
        syscall
        .size   _start, . - _start

        # tick_account(tick): charge 1..32 units, more or less at random.
        .globl  tick_account
        .type   tick_account, @function
tick_account:
        imull   $0x9e3779b1, %edi, %eax
        shrl    $27, %eax
        incl    %eax
        addl    %eax, demo_counter(%rip)        # the write that is watched
        ret
        .size   tick_account, . - tick_account

        # tick_flush(): move what was counted into the total.
        .globl  tick_flush
        .type   tick_flush, @function
tick_flush:
        movl    demo_counter(%rip), %eax
        movq    demo_total(%rip), %rcx          # a read: only an access watch sees it
        addq    %rax, %rcx
        movq    %rcx, demo_total(%rip)
        movl    $0, demo_counter(%rip)
        ret
        .size   tick_flush, . - tick_flush

        # tick_report(): write(1, message, length).
        .globl  tick_report
        .type   tick_report, @function
tick_report:
        movl    $1, %eax
        movl    $1, %edi
        leaq    message(%rip), %rsi
        movl    $message_end - message, %edx
        syscall
        ret
        .size   tick_report, . - tick_report

        .section .rodata
message:
        .ascii  "100 more ticks accounted\n"
message_end:

        .data
        .balign 8
        .globl  demo_total
        .type   demo_total, @object
        .size   demo_total, 8
demo_total:
        .quad   0
        .globl  demo_counter
        .type   demo_counter, @object
        .size   demo_counter, 4
demo_counter:
        .long   0
