/* SPDX-License-Identifier: GPL-2.0-only */
/* For the test programs of GPUs: memory with known content, and races for it. */
#ifndef STANDIN_MEMORY_H
#define STANDIN_MEMORY_H

#include <pthread.h>
#include <sys/mman.h>
#include "standin.h"

#define MIB	(1ul << 20)

enum { READ, WRITE };

static uint64_t word(size_t at, uint64_t salt)
{
	return salt ? salt << 40 | at : 0;
}

static void fill(char *mem, size_t size, uint64_t salt)
{
	size_t at;

	for (at = 0; at < size; at += 8)
		*(uint64_t *)(mem + at) = word(at, salt);
}

/* How many words differ from what fill() has written; salt 0: from zero */
static long wrong(const char *mem, size_t size, uint64_t salt)
{
	size_t at;
	long n = 0;

	for (at = 0; at < size; at += 8)
		n += *(volatile const uint64_t *)(mem + at) != word(at, salt);
	return n;
}

struct area {
	char	*map;
	char	*mem;		/* aligned to 2 MiB */
	char	*copy;		/* for the GPU's data, of the same size */
	size_t	size;
	long	pages;
	bool	huge;
};

static struct area new_area(size_t size, bool huge)
{
	struct area a = { .size = size, .pages = size / page_size, .huge = huge };

	a.map = mmap(NULL, size + 2 * MIB, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(a.map != MAP_FAILED, "mmap");
	a.mem = (char *)(((uintptr_t)a.map + 2 * MIB - 1) & -(2 * MIB));
	must(!madvise(a.mem, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE), "madvise");
	a.copy = malloc(size);
	must(a.copy, "malloc");
	return a;
}

static void end_area(struct area *a)
{
	munmap(a->map, a->size + 2 * MIB);
	free(a->copy);
}

/* A child that is told when to look for its own data */
struct waiting_child {
	struct area	*area;
	uint64_t	salt;
	int		look[2];
	int		found[2];
};

static void start_child(struct waiting_child *c)
{
	char right;
	pid_t pid;

	must(!pipe(c->look) && !pipe(c->found), "pipe");
	fflush(stdout);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid)
		return;
	if (read(c->look[0], &right, 1) != 1)
		_exit(2);
	right = !wrong(c->area->mem, c->area->size, c->salt);
	_exit(write(c->found[1], &right, 1) != 1);
}

/* Returns: whether the child finds its data; no if the child dies */
static bool child_finds(struct waiting_child *c)
{
	char right = 0;

	close(c->found[1]);
	must(write(c->look[1], "", 1) == 1, "write to a pipe");
	if (read(c->found[0], &right, 1) != 1)
		right = 0;
	close(c->found[0]);
	close(c->look[0]);
	close(c->look[1]);
	return right;
}

#define RACE	(4 * MIB)
#define STRIDE	512		/* each thread has a word of its own in each stride */

struct racer {
	void		*(*func)(void *arg);
	struct area	*area;
	unsigned int	lane;
	bool		stop;
	unsigned long	n;
	unsigned long	lost;
	pthread_t	thread;
};

static bool racing(struct racer *r)
{
	return !__atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

static void *cpu_writes(void *arg)
{
	struct racer *r = arg;
	uint64_t round;
	size_t at;

	for (round = 1; racing(r); round++) {
		for (at = r->lane * 8; at < RACE; at += STRIDE)
			*(volatile uint64_t *)(r->area->mem + at) = round << 32 | at;
		for (at = r->lane * 8; at < RACE; at += STRIDE, r->n++)
			r->lost += *(volatile uint64_t *)(r->area->mem + at) !=
				   (round << 32 | at);
	}
	return NULL;
}

/* Lets the GPU access 8 bytes. Returns: 0, or an error */
static long race_access(char *mem, void *buffer, int write, uint64_t round);

static void *gpu_writes(void *arg)
{
	struct racer *r = arg;
	uint64_t round, wrote, got;
	char *p;
	size_t at;

	for (round = 1; racing(r); round++)
		for (at = r->lane * 8; at < RACE && racing(r); at += 16 * STRIDE, r->n++) {
			p = r->area->mem + at;
			wrote = round << 32 | at;
			r->lost += race_access(p, &wrote, WRITE, round) ||
				   race_access(p, &got, READ, round) || got != wrote;
		}
	return NULL;
}

/* Runs the threads of @r[0..@n) on @area for some seconds */
static void race(struct racer *r, unsigned int n, struct area *area, unsigned int seconds)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		r[i].area = area;
		r[i].lane = i;
		must(!pthread_create(&r[i].thread, NULL, r[i].func, &r[i]), "pthread_create");
	}
	sleep(seconds);
	for (i = 0; i < n; i++)
		__atomic_store_n(&r[i].stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < n; i++)
		pthread_join(r[i].thread, NULL);
}

#endif /* STANDIN_MEMORY_H */
