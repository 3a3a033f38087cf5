/*
 * A tracer as a debugger would write it: one hardware watchpoint on a loop's variable;
 * at each stop read the registers and DR6, then go on. Prints hits per second.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <signal.h>
#include <unistd.h>

static volatile long watched __attribute__((aligned(8)));

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void poke(pid_t child, int number, unsigned long value)
{
	size_t at = offsetof(struct user, u_debugreg) + number * sizeof(long);

	if (ptrace(PTRACE_POKEUSER, child, at, value)) {
		perror("debug register");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	long wanted = argc > 1 ? atol(argv[1]) : 20000, hits = 0;
	size_t dr6 = offsetof(struct user, u_debugreg) + 6 * sizeof(long);
	int status;
	pid_t child = fork();

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		for (long i = 1; i <= wanted; i++)
			watched = i;
		_exit(0);
	}
	waitpid(child, &status, 0);
	poke(child, 0, (unsigned long)&watched);
	poke(child, 7, 0x90001);
	double start = now();
	for (;;) {
		struct user_regs_struct regs;

		ptrace(PTRACE_CONT, child, 0, 0);
		waitpid(child, &status, 0);
		if (!WIFSTOPPED(status))
			break;
		ptrace(PTRACE_GETREGS, child, 0, &regs);
		ptrace(PTRACE_PEEKUSER, child, dr6, 0);
		poke(child, 6, 0);
		hits++;
	}
	if (hits != wanted) {
		fprintf(stderr, "%ld hits, expected %ld\n", hits, wanted);
		return 3;
	}
	printf("%.0f\n", hits / (now() - start));
	return 0;
}
