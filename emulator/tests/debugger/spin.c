volatile long turns;
volatile int enough;

int main(void)
{
	while (!enough)
		turns++;
	return 0;
}
