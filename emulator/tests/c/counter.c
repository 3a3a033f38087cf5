/* A thousand writes to one volatile global, a different value each time. */
volatile unsigned long counter;

__attribute__((noinline)) void tick(unsigned long n)
{
	counter = n * 0x9e3779b97f4a7c15UL + 1;
}

int main(void)
{
	for (unsigned long n = 1; n <= 1000; n++)
		tick(n);
	return 0;
}
