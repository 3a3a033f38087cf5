/*
 * mov ss with a watched operand, before every sort of instruction that enters the
 * kernel. Whoever runs this has a read/write watch on `selector` and an execute
 * breakpoint on `breakpointed`. Each line: name, SIGTRAPs, what else ended the case.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

unsigned short selector __attribute__((aligned(2)));
static volatile int traps;
static sigjmp_buf back;
static char altstack[16384] __attribute__((aligned(16)));

static void on_trap(int number)
{
	traps++;
	(void)number;
}

static void on_fault(int number)
{
	siglongjmp(back, number);
}

#define CASE(name, ...)                                                       \
	do {                                                                  \
		int number = sigsetjmp(back, 1);                              \
		if (!number) {                                                \
			traps = 0;                                            \
			asm volatile(__VA_ARGS__);                            \
		}                                                             \
		printf("%s: traps %d signal %d\n", name, traps, number);      \
		fflush(stdout);                                               \
	} while (0)

#define MOV_SS "mov %[selector], %%ss\n\t"
#define OPERAND : : [selector] "m"(selector) : "rax", "rcx", "r11", "memory"

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };

	sigaction(number, &action, NULL);
}

int main(void)
{
	stack_t alt = { .ss_sp = altstack, .ss_size = sizeof(altstack) };
	unsigned short current;

	sigaltstack(&alt, NULL);
	handle(SIGTRAP, on_trap);
	handle(SIGSEGV, on_fault);
	handle(SIGILL, on_fault);
	asm volatile("mov %%ss, %0" : "=r"(current));
	selector = current;

	CASE("read", "mov %[selector], %%ax" OPERAND);
	CASE("nop", MOV_SS "nop" OPERAND);
	CASE("int3", MOV_SS "int3" OPERAND);
	CASE("int 3", MOV_SS ".byte 0xcd, 3" OPERAND);
	CASE("cs int3", MOV_SS ".fill 1, 1, 0x2e; int3" OPERAND);
	CASE("csx14 int3", MOV_SS ".fill 14, 1, 0x2e; int3" OPERAND);
	CASE("int 4", MOV_SS "int $4" OPERAND);
	CASE("icebp", MOV_SS ".byte 0xf1" OPERAND);
	CASE("cli", MOV_SS "cli" OPERAND);
	CASE("page fault", MOV_SS "mov %%eax, -1" OPERAND);
	CASE("int 1", MOV_SS ".byte 0xcd, 1" OPERAND);
	CASE("syscall", "mov %%rsp, %%r8; mov $39, %%eax; mov $1, %%rcx; shl $47, %%rcx\n\t"
			MOV_SS "syscall"
	     : : [selector] "m"(selector) : "rax", "rcx", "r8", "r11", "memory");
	CASE("breakpointed nop", MOV_SS ".globl breakpointed\nbreakpointed: nop" OPERAND);
	CASE("sysenter", MOV_SS "sysenter" OPERAND);
	CASE("int 0x80", "mov $20, %%eax\n\t" MOV_SS "int $0x80" OPERAND);
	puts("alive");
	return 0;
}
