#include <stdio.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	struct utsname name;
	struct timespec one, two;
	unsigned char random[4];

	uname(&name);
	clock_gettime(CLOCK_MONOTONIC, &one);
	clock_gettime(CLOCK_MONOTONIC, &two);
	getrandom(random, sizeof random, 0);
	printf("%s %s %ld\n", name.sysname, name.machine, (long)getpid());
	printf("%d %02x%02x%02x%02x\n", two.tv_nsec > one.tv_nsec, random[0],
	       random[1], random[2], random[3]);
	printf("%ld\n", (long)time(NULL));
	return 0;
}
