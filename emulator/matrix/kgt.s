# Test threads of a module, as kgdbts has them: each entry is one way to meet the debugger.
# int3 is kgdb_breakpoint(): the debugger gets the machine and may set breakpoints.

        .globl  store_once, call_once, store_stepped, store_then_stop, store_other
        .globl  store_both, store_then_stop_once, store_late, stop_only, spin

store_once:                             # stop, then one store
        int3
        .globl  armed
armed:  movq    $1, v0(%rip)
        nop
        nop
        hlt

call_once:                              # stop, then call a function
        int3
        call    f0
        nop
        hlt
        .globl  f0
f0:     addl    $1, calls(%rip)
        ret

store_stepped:                          # stop, leave BS set in DR6, then one store
        int3
        movq    %dr6, %rax
        orq     $0x4000, %rax
        movq    %rax, %dr6
        movq    $1, v0(%rip)
        nop
        nop
        hlt

store_then_stop:                        # stop, store, stop again, store what was added
        int3
        movq    $1, v0(%rip)
        nop
        int3
        movq    $1, v64(%rip)
        nop
        movq    $2, v0(%rip)
        nop
        hlt

store_other:                            # stop, store v0, then what somebody else watches
        int3
        movq    $1, v0(%rip)
        nop
        .globl  foreign
foreign:
        movq    $1, v64(%rip)
        nop
        nop
        hlt

store_then_stop_once:                   # stop, store, then what was added
        int3
        movq    $1, v0(%rip)
        nop
        movq    $1, v64(%rip)
        nop
        nop
        hlt

store_late:                             # stop, give the CPU away, then one store
        int3
        .globl  switch_here
switch_here:
        movl    $3000, %ecx
1:      decl    %ecx
        jnz     1b
        movq    $1, v0(%rip)
        nop
        nop
        hlt

store_both:                             # stop, then 8 bytes over two watches
        int3
        movq    $-1, v0(%rip)
        nop
        nop
        hlt

stop_only:                              # stop and be gone
        int3
        hlt

spin:                                   # another CPU at work
        movl    $400, %ecx
1:      pause
        decl    %ecx
        jnz     1b
        hlt

        .data
        .balign 128
        .globl  v0, v64, calls
v0:     .quad   0
        .balign 64
v64:    .quad   0
        .balign 64
calls:  .quad   0
