#include <stdio.h>

int counter;
int table[4] = { 1, 2, 3, 4 };

static int twice(int x)
{
	int result = x * 2;
	return result;
}

int step(int n)
{
	counter += n;
	return twice(counter);
}

int main(void)
{
	int total = 0;
	for (int i = 1; i <= 5; i++)
		total += step(i);
	total += table[2];
	printf("total %d\n", total);
	return 0;
}
