# Two kernel threads on two CPUs add to two shared counters, a hundred times each.
# racy_counter is read, changed and written back; safe_counter is one locked instruction.

        .set    ROUNDS, 100

        .globl  cpu0_thread
        .type   cpu0_thread, @function
cpu0_thread:
        movl    $ROUNDS, %ebx
.Lround0:
        movl    racy_counter(%rip), %eax
        incl    %eax
        movl    %eax, racy_counter(%rip)
        lock incl safe_counter(%rip)
        decl    %ebx
        jnz     .Lround0
        hlt                             # the thread is done
        .size   cpu0_thread, . - cpu0_thread

        .globl  cpu1_thread
        .type   cpu1_thread, @function
cpu1_thread:
        movl    $ROUNDS, %ebx
.Lround1:
        movl    racy_counter(%rip), %eax
        incl    %eax
        movl    %eax, racy_counter(%rip)
        lock incl safe_counter(%rip)
        decl    %ebx
        jnz     .Lround1
        hlt
        .size   cpu1_thread, . - cpu1_thread

        .globl  _start
_start: jmp     cpu0_thread

        .data
        .balign 64
        .globl  racy_counter
        .type   racy_counter, @object
        .size   racy_counter, 4
racy_counter:
        .long   0
        .balign 64
        .globl  safe_counter
        .type   safe_counter, @object
        .size   safe_counter, 4
safe_counter:
        .long   0
