/* What a signal handler sees and leaves: each check prints one line. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int calls, deepest, depth, code, inside_altstack;
static volatile uintptr_t address, rip, stack;
static char altstack[16384] __attribute__((aligned(16)));
static sigjmp_buf back;

extern char the_ud2[], after_ud2[];

static void note(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char here;

	calls++;
	code = info->si_code;
	address = (uintptr_t)info->si_addr;
	rip = uc->uc_mcontext.gregs[REG_RIP];
	stack = (uintptr_t)&here;
	inside_altstack = &here >= altstack && &here < altstack + sizeof(altstack);
	/* Spoil what must come back from the frame. */
	asm volatile("pxor %%xmm5, %%xmm5; xor %%r12d, %%r12d" ::: "xmm5", "r12");
	(void)number;
}

static void skip(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	note(number, info, context);
	uc->uc_mcontext.gregs[REG_RIP] = (uintptr_t)after_ud2;
}

static void nest(int number)
{
	if (++depth > deepest)
		deepest = depth;
	if (calls++ < 2)
		raise(number);
	depth--;
}

static void jump(int number)
{
	siglongjmp(back, number);
}

static void on(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler,
				    .sa_flags = SA_SIGINFO | flags };
	calls = 0;
	sigaction(number, &action, NULL);
}

static void registers_survive(void)
{
	uint64_t r12 = 0x1122334455667788, xmm[2] = { 7, 9 }, out[2];
	long result;

	on(SIGUSR1, note, 0);
	asm volatile("movdqu %[xmm], %%xmm5\n\t"
		     "mov %[r12], %%r12\n\t"
		     "syscall\n\t"
		     "mov %%r12, %[r12]\n\t"
		     "movdqu %%xmm5, %[out]"
		     : "=a"(result), [r12] "+m"(r12), [out] "=m"(out)
		     : "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1), [xmm] "m"(xmm)
		     : "rcx", "r11", "r12", "xmm5", "memory");
	printf("registers: calls %d result %ld r12 %lx xmm5 %lu,%lu code %d\n", calls,
	       result, r12, out[0], out[1], code);
}

static void faults_tell_where(void)
{
	on(SIGILL, skip, 0);
	asm volatile("the_ud2: ud2\nafter_ud2:");
	printf("ud2: calls %d at %d address %d code %d\n", calls,
	       rip == (uintptr_t)the_ud2, address == (uintptr_t)the_ud2, code);
}

static void page_fault(void)
{
	struct sigaction action = { .sa_handler = jump };

	sigaction(SIGSEGV, &action, NULL);
	if (!sigsetjmp(back, 1))
		*(volatile int *)0x10 = 1;
	else
		puts("fault: jumped out");
}

static void masks(void)
{
	struct sigaction action = { .sa_handler = nest };
	sigset_t set, now;

	calls = deepest = 0;
	sigaction(SIGUSR2, &action, NULL);
	raise(SIGUSR2);
	printf("blocked inside: calls %d deepest %d\n", calls, deepest);
	calls = deepest = 0;
	action.sa_flags = SA_NODEFER;
	sigaction(SIGUSR2, &action, NULL);
	raise(SIGUSR2);
	printf("nodefer: calls %d deepest %d\n", calls, deepest);
	on(SIGUSR1, note, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	printf("blocked: calls %d\n", calls);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_SETMASK, NULL, &now);
	printf("unblocked: calls %d mask %d\n", calls, sigismember(&now, SIGUSR1));
}

static void altstacks(void)
{
	stack_t alt = { .ss_sp = altstack, .ss_size = sizeof(altstack) };

	sigaltstack(&alt, NULL);
	on(SIGUSR1, note, SA_ONSTACK);
	raise(SIGUSR1);
	printf("altstack: %d\n", inside_altstack);
	on(SIGUSR1, note, 0);
	raise(SIGUSR1);
	printf("own stack: %d aligned %d\n", !inside_altstack, (int)(stack % 1));
}

static void reset(void)
{
	struct sigaction now;

	on(SIGUSR1, note, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &now);
	printf("resethand: calls %d default %d\n", calls, now.sa_handler == SIG_DFL);
}

int main(void)
{
	registers_survive();
	faults_tell_where();
	page_fault();
	masks();
	altstacks();
	reset();
	return 0;
}
