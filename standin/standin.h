/* SPDX-License-Identifier: GPL-2.0-only */
/* For the test programs of all stand-ins: TAP, pagemap, failing allocations. */
#ifndef STANDIN_H
#define STANDIN_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t page_size;
static unsigned int tests, failed;

/* A test: @got has to be @wanted */
static void is(long got, long wanted, const char *name)
{
	const bool ok = got == wanted;

	tests++;
	failed += !ok;
	printf("%sok %u - %s\n", ok ? "" : "not ", tests, name);
	if (!ok)
		printf("# got %ld, wanted %ld\n", got, wanted);
	fflush(stdout);
}

/* A call that only a broken guest refuses */
static void must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* How many of the pages have an entry in the page table that is not present */
static long on_device(const char *mem, unsigned long first, unsigned long last)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	unsigned long i;
	uint64_t entry;
	long n = 0;

	must(fd >= 0, "/proc/self/pagemap");
	for (i = first; i < last; i++) {
		must(pread(fd, &entry, sizeof(entry), ((uintptr_t)mem / page_size + i) *
			   sizeof(entry)) == sizeof(entry), "/proc/self/pagemap");
		n += entry >> 62 == 1;
	}
	close(fd);
	return n;
}

/* Calls @func in a child. Returns: the wait status; @func's result is the exit status */
static int in_child(int (*func)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(func(arg));
	must(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
	return status;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

/* A read in a child whose nth allocation of pages fails */
struct failing_read {
	const volatile uint64_t	*word;
	uint64_t		wanted;
	unsigned int		nth;
};

enum { READ_RIGHT, READ_WRONG, NONE_FAILED, NO_INJECTION };

static int failing_read(void *arg)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR);
	struct failing_read *r = arg;
	char left[16] = "";
	bool right;

	if (fd < 0 || dprintf(fd, "%u", r->nth) < 0)
		return NO_INJECTION;
	right = *r->word == r->wanted;
	if (pread(fd, left, sizeof(left) - 1, 0) < 1 || pwrite(fd, "0", 1, 0) != 1)
		return NO_INJECTION;
	return !right ? READ_WRONG : atoi(left) ? NONE_FAILED : READ_RIGHT;
}

/*
 * Reads a word of device memory in children, of which each fails a later
 * allocation, until a child needs no more allocations. @again(@arg) brings the
 * page to the device again.
 */
static void test_failing_reads(const char *name, const uint64_t *word, uint64_t wanted,
			       void (*again)(void *arg), void *arg)
{
	struct failing_read r = { .word = word, .wanted = wanted };
	unsigned int bad = 0;
	int status = 0;

	write_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	write_file("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	write_file("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	write_file("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	/* Not of slab: DMA_API_DEBUG is off once its own allocations fail */
	if (!access("/sys/kernel/debug/failslab/cache-filter", F_OK))
		write_file("/sys/kernel/debug/failslab/cache-filter", "Y");
	for (r.nth = 1; r.nth < 100; r.nth++) {
		again(arg);
		status = in_child(failing_read, &r);
		if (WIFEXITED(status) && WEXITSTATUS(status) == NONE_FAILED)
			break;
		bad += status != 0;
		bad += *(const volatile uint64_t *)word != wanted;
	}
	must(r.nth < 100, "a child without a failed allocation");
	must(r.nth > 1, "an allocation that fails");
	is(bad, 0, name);
}

#endif /* STANDIN_H */
