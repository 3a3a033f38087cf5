/* A kernel thread that counts, with two words to watch. */
volatile long counter_a, counter_b;
volatile int enough;

void work(void)
{
	counter_a++;
	counter_b++;
}

void _start(void)
{
	while (!enough)
		work();
	__asm__ volatile("hlt");
}
