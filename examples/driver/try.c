// SPDX-License-Identifier: GPL-2.0
/* What the module of this folder does to memory, as seen by the process. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "driver_uapi.h"

static int fd, failed, done;

static void is(long got, long wanted, const char *name)
{
	done++;
	if (got == wanted) {
		printf("ok %d - %s\n", done, name);
		return;
	}
	failed++;
	printf("not ok %d - %s: %ld, wanted %ld\n", done, name, got, wanted);
}

static int device(unsigned long cmd, char *mem, size_t size)
{
	struct my_range range = { (uintptr_t)mem, (uintptr_t)mem + size };

	return ioctl(fd, cmd, &range);
}

/* How many pages do not have what fill() has written? */
static long wrong(char *mem, size_t size, size_t page, unsigned int seed)
{
	long wrong = 0;

	for (size_t at = 0; at < size; at += page)
		wrong += *(unsigned int *)(mem + at) != (seed ? seed + at / page : 0);
	return wrong;
}

static void fill(char *mem, size_t size, size_t page, unsigned int seed)
{
	for (size_t at = 0; at < size; at += page)
		*(unsigned int *)(mem + at) = seed + at / page;
}

int main(void)
{
	const size_t size = 2 << 20;
	size_t page = sysconf(_SC_PAGESIZE);
	long pages = size / page;
	char *area = mmap(NULL, 4 * size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *mem = (char *)(((uintptr_t)area + size - 1) & -size);

	fd = open("/dev/my_device", O_RDWR);
	if (fd < 0 || area == MAP_FAILED) {
		perror("try");
		return 1;
	}
	is(device(MY_POPULATE, mem, size), 0, "populate 2 MiB that nobody has touched");
	is(ioctl(fd, MY_USED), pages, "all of them are on the device");
	is(wrong(mem, size, page, 0), 0, "they are zero");
	is(ioctl(fd, MY_USED), 0, "and come home as the CPU reads them");

	fill(mem, size, page, 1000);
	is(device(MY_POPULATE, mem, size), 0, "populate them again");
	is(ioctl(fd, MY_USED), 0, "what is there stays");
	is(device(MY_PREFETCH, mem, 2 * size), 0, "prefetch 4 MiB of which half is empty");
	is(ioctl(fd, MY_USED), 2 * pages, "all is on the device");
	is(wrong(mem, size / 2, page, 1000), 0, "the first quarter has what was written");
	is(ioctl(fd, MY_USED), 2 * pages - pages / 2, "and that has come home");
	is(device(MY_EVICT, mem, 2 * size), 0, "evict");
	is(ioctl(fd, MY_USED), 0, "nothing is left on the device");
	is(wrong(mem, size, page, 1000), 0, "nothing is lost");
	is(wrong(mem + size, size, page, 0), 0, "and what was empty is zero");

	fill(mem, size, page, 5000);
	is(device(MY_PREFETCH, mem, size), 0, "prefetch once more");
	is(ioctl(fd, MY_USED), pages, "all is on the device");
	close(fd);
	/* What the module does not evict when it goes would be gone. */
	is(system("rmmod driver"), 0, "the module goes");
	is(wrong(mem, size, page, 5000), 0, "and what the device had is there");
	printf("1..%d\n", done);
	return failed != 0;
}
