// SPDX-License-Identifier: GPL-2.0
/* Checks the place and the content of memory that the module migrates. */
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

/* Counts the pages without the content that fill() has written. */
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
	is(device(MY_POPULATE, mem, size), 0, "MY_POPULATE accepts 2 MiB of untouched memory");
	is(ioctl(fd, MY_USED), pages, "all pages of the 2 MiB are on the device");
	is(wrong(mem, size, page, 0), 0, "all populated pages are zero");
	is(ioctl(fd, MY_USED), 0, "the CPU's reads bring all pages back");

	fill(mem, size, page, 1000);
	is(device(MY_POPULATE, mem, size), 0, "MY_POPULATE accepts memory without holes");
	is(ioctl(fd, MY_USED), 0, "MY_POPULATE leaves existing pages in place");
	is(device(MY_PREFETCH, mem, 2 * size), 0, "MY_PREFETCH accepts 4 MiB of which half is empty");
	is(ioctl(fd, MY_USED), 2 * pages, "all pages of the 4 MiB are on the device");
	is(wrong(mem, size / 2, page, 1000), 0, "the first quarter has the written content");
	is(ioctl(fd, MY_USED), 2 * pages - pages / 2, "the CPU's reads bring the first quarter back");
	is(device(MY_EVICT, mem, 2 * size), 0, "MY_EVICT accepts 4 MiB");
	is(ioctl(fd, MY_USED), 0, "MY_EVICT leaves no page on the device");
	is(wrong(mem, size, page, 1000), 0, "the first half has its content after MY_EVICT");
	is(wrong(mem + size, size, page, 0), 0, "the half that was empty is zero");

	fill(mem, size, page, 5000);
	is(device(MY_PREFETCH, mem, size), 0, "MY_PREFETCH accepts evicted memory");
	is(ioctl(fd, MY_USED), pages, "MY_PREFETCH brings evicted memory to the device");
	close(fd);
	/* A page that the module does not evict before it unloads is lost. */
	is(system("rmmod driver"), 0, "rmmod unloads the module");
	is(wrong(mem, size, page, 5000), 0, "memory keeps its content after rmmod");
	printf("1..%d\n", done);
	return failed != 0;
}
