#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Small blocks come from brk, large ones from mmap; growing a large one is mremap. */
int main(void)
{
	unsigned long sum = 0;
	char *large = malloc(300000);

	memset(large, 3, 300000);
	large = realloc(large, 3000000);
	for (int i = 0; i < 300000; i++)
		sum += large[i];
	for (int i = 0; i < 1000; i++) {
		int *small = malloc(64 + i);
		*small = i;
		sum += *small;
		if (i % 3)
			free(small);
	}
	free(large);
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	page[0] = 1;
	int protected = mprotect(page, 4096, PROT_READ);
	int removed = munmap(page, 4096);
	printf("%lu %d %d\n", sum, protected, removed);
	return 0;
}
