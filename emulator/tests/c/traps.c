/* A SIGTRAP handler and a function that somebody puts an execute breakpoint on. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <ucontext.h>
#include <unistd.h>

volatile long watched;
static volatile int traps;
static volatile long flags, rip;

__attribute__((noinline)) void target(void)
{
	asm volatile("nop");
}

static void on_trap(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	flags = uc->uc_mcontext.gregs[REG_EFL];
	rip = uc->uc_mcontext.gregs[REG_RIP];
	if (++traps > 5)
		_exit(3);
	(void)number;
	(void)info;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

	sigaction(SIGTRAP, &action, NULL);
	target();
	printf("traps %d rf %ld at %d\n", traps, flags >> 16 & 1,
	       rip == (long)(uintptr_t)target);
	watched = 5;
	printf("traps %d rf %ld\n", traps, flags >> 16 & 1);
	return 0;
}
