/* A loop that changes a watched variable, for gdb's silent continue. */
#include <stdlib.h>

volatile long watched;

int main(int argc, char **argv)
{
	long wanted = argc > 1 ? atol(argv[1]) : 5000;

	for (long i = 1; i <= wanted; i++)
		watched = i;
	return 0;
}
