/* paced [WRITES [ROUNDS]]: writes of different values to one volatile global, with so many
   rounds of an empty loop before each that a run of it lasts as long as a test needs. */
#include <stdlib.h>

volatile unsigned long sample;

__attribute__((noinline)) static void work(unsigned long rounds)
{
	while (rounds--)
		__asm__ volatile("" ::: "memory");
}

int main(int argc, char **argv)
{
	unsigned long writes = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 100000;

	for (unsigned long n = 1; n <= writes; n++) {
		work(rounds);
		sample = n * 0x9e3779b97f4a7c15UL + 1;
	}
	return 0;
}
