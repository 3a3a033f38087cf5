/* A loop without a C library: the same program natively and emulated. */
volatile long watched;

void _start(void)
{
	for (long i = 1; i <= COUNT; i++)
		watched = i; /* the breakpoint */
	__asm__ volatile("mov $60, %eax\n\txor %edi, %edi\n\tsyscall");
}
