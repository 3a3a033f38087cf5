#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	fprintf(stderr, "to stderr\n");
	for (int i = 0; i < argc; i++)
		printf("argv[%d] = %s\n", i, argv[i]);
	printf("COLOUR = %s\n", getenv("COLOUR"));
	printf("%.3f %s\n", 22 / 7.0, getchar() == EOF ? "end" : "more");
	return 7;
}
