// SPDX-License-Identifier: GPL-2.0
/*
 * Migrates memory to test_hmm's device and back, in scenes that are the same on
 * each kernel, and checks that the data is unchanged.
 *
 * usage: hmm-bench insns|counts|time
 *
 *   insns    for bench/insns.c, which counts between bench_begin() and bench_end();
 *            prints a line for each interval
 *   counts   the same without the large scenes, while a second thread keeps the
 *            second CPU busy, so that the first CPU has a TLB to shoot down
 *   time     the time of each step, as a multiple of the time to copy as much memory
 *
 * Lines have tabs between their fields:
 *   interval NUMBER SCENE STEP SIGN PAGES CALLS SELECTED MOVED SPLIT_PAGES SPLIT_PMDS
 *   time SCENE STEP RATIO
 * A step may have several intervals; an interval whose SIGN is - is other work, to
 * be subtracted. CALLS are ioctls. SELECTED and MOVED are the driver's counts, or -1.
 *
 * The memory is anonymous and private; "small" has no huge pages, "huge" only huge
 * pages.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "test_hmm_uapi.h"
#include "bench_select.h"

#define MIB (1UL << 20)
#define HUGE (2 * MIB)
#define LARGEST (512 * MIB)
#define THREADS 4
#define ROUNDS 7

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* 5.10 has another name for the command */
#ifndef HMM_DMIRROR_MIGRATE_TO_DEV
#define HMM_DMIRROR_MIGRATE_TO_DEV HMM_DMIRROR_MIGRATE
#endif

enum mode { INSNS, COUNTS, TIME };

static enum mode mode;
static int device, selector;
static long page_size;
static char *data;
static unsigned int intervals;

static struct {
	long calls, selected, moved;
} done;

static void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "hmm-bench: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* The plugin counts between calls of these functions */
__attribute__((noinline)) void bench_begin(void) { __asm__ volatile("" ::: "memory"); }
__attribute__((noinline)) void bench_end(void) { __asm__ volatile("" ::: "memory"); }

static long vmstat(const char *name)
{
	FILE *file = fopen("/proc/vmstat", "r");
	char word[64];
	long value;

	if (!file)
		fail("/proc/vmstat: %s", strerror(errno));
	while (fscanf(file, "%63s %ld", word, &value) == 2) {
		if (!strcmp(word, name)) {
			fclose(file);
			return value;
		}
	}
	fail("/proc/vmstat has no %s", name);
	return 0;
}

/*
 * The memory of a scene: a part for each thread, and a hole between two parts, since
 * test_hmm of some kernels invalidates one page too many.
 */
struct range {
	char *p;
	unsigned long size;
	int huge, threads;
	char scene[64];
	char *reserved;
	unsigned long length;
};

static unsigned long pages(const struct range *r)
{
	return r->size / page_size;
}

static char *page_of(const struct range *r, unsigned long i)
{
	return r->p + i * page_size + i / (pages(r) / r->threads) * HUGE;
}

/* Maps without populating. PROT_NONE around the range keeps huge pages inside. */
static void map(struct range *r)
{
	unsigned long length = r->size + (r->threads - 1) * HUGE;
	char *p;

	r->length = length + 2 * HUGE;
	p = mmap(NULL, r->length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		fail("no room for %lu MiB", r->size / MIB);
	r->reserved = p;
	p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	r->p = mmap(p, length, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (r->p != p || madvise(p, length, r->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		fail("no memory of %lu MiB: %s", r->size / MIB, strerror(errno));
}

static uint64_t word(unsigned long page, unsigned long at)
{
	return 0x9e3779b97f4a7c15UL * (page + 1) + at;
}

static void fill(const struct range *r)
{
	long before = vmstat("thp_fault_alloc");
	unsigned long i, at;

	for (i = 0; i < pages(r); i++)
		for (at = 0; at < (unsigned long)page_size; at += 512)
			*(uint64_t *)(page_of(r, i) + at) = word(i, at);
	before = vmstat("thp_fault_alloc") - before;
	if (before != (long)(r->huge ? r->size / HUGE : 0))
		fail("%s: %ld huge pages where there should be %lu", r->scene, before,
		     r->huge ? r->size / HUGE : 0);
}

/* Checks the memory, or the data that the device has returned */
static void check(const struct range *r, bool returned, const char *where)
{
	unsigned long i, at;

	for (i = 0; i < pages(r); i++) {
		const char *p = returned ? data + i * page_size : page_of(r, i);

		for (at = 0; at < (unsigned long)page_size; at += 512)
			if (*(const uint64_t *)(p + at) != word(i, at))
				fail("%s: page %lu has other data %s", r->scene, i, where);
	}
}

static void unmap(const struct range *r)
{
	munmap(r->reserved, r->length);
}

/* Asks the driver for a command on pages of one part: 0, or an error */
static int ask(unsigned long what, const struct range *r, unsigned long first,
	       unsigned long nr)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)page_of(r, first),
		.ptr = (uintptr_t)data + first * page_size,
		.npages = nr,
	};

	if (ioctl(device, what, &cmd))
		return -errno;
	__atomic_add_fetch(&done.calls, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&done.moved, cmd.cpages, __ATOMIC_RELAXED);
	return 0;
}

/* ask() by all threads at once, a part for each thread */
struct part {
	const struct range *r;
	unsigned long what;
	int nr;
};

static pthread_barrier_t ready;

static void *ask_part(void *arg)
{
	const struct part *part = arg;
	unsigned long nr = pages(part->r) / part->r->threads;
	int ret;

	pthread_barrier_wait(&ready);
	ret = ask(part->what, part->r, part->nr * nr, nr);
	if (ret)
		fail("%s: ioctl %#lx: %s", part->r->scene, part->what, strerror(-ret));
	return NULL;
}

static void ask_all(unsigned long what, const struct range *r)
{
	struct part parts[THREADS];
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < r->threads; i++)
		parts[i] = (struct part){ r, what, i };
	if (r->threads == 1) {
		int ret = ask(what, r, 0, pages(r));

		if (ret)
			fail("%s: ioctl %#lx: %s", r->scene, what, strerror(-ret));
		return;
	}
	for (i = 0; i < r->threads; i++)
		if (pthread_create(threads + i, NULL, ask_part, parts + i))
			fail("no thread");
	pthread_barrier_wait(&ready);
	for (i = 0; i < r->threads; i++)
		pthread_join(threads[i], NULL);
}

/*
 * Steps of a scene. Each is done on a whole range, and sets done.
 */
static void to_device(const struct range *r)
{
	ask_all(HMM_DMIRROR_MIGRATE_TO_DEV, r);
}

static void read_back(const struct range *r)
{
	ask_all(HMM_DMIRROR_READ, r);
}

#ifdef HMM_DMIRROR_MIGRATE_TO_SYS
static void to_system(const struct range *r)
{
	ask_all(HMM_DMIRROR_MIGRATE_TO_SYS, r);
}
#endif

static void touch(const struct range *r)
{
	unsigned long i;

	for (i = 0; i < pages(r); i++)
		*(volatile char *)page_of(r, i);
	done.moved = -1;
}

static void to_device_singly(const struct range *r)
{
	unsigned long i;
	int ret;

	for (i = 0; i < pages(r); i++) {
		ret = ask(HMM_DMIRROR_MIGRATE_TO_DEV, r, i, 1);
		if (ret)
			fail("%s: page %lu: %s", r->scene, i, strerror(-ret));
	}
}

static void read_singly(const struct range *r)
{
	unsigned long i;
	int ret;

	for (i = 0; i < pages(r); i++) {
		ret = ask(HMM_DMIRROR_READ, r, i, 1);
		if (ret)
			fail("%s: page %lu: %s", r->scene, i, strerror(-ret));
	}
}

/* Migrates as many pages as possible: a hole is no error */
static void try_device(const struct range *r)
{
	int ret = ask(HMM_DMIRROR_MIGRATE_TO_DEV, r, 0, pages(r));

	if (ret && ret != -ENOENT)
		fail("%s: %s", r->scene, strerror(-ret));
	if (ret) {
		done.calls++;
		done.moved = 0;
	}
}

#ifdef HMM_DMIRROR_SELECT
static void fault_to_device(const struct range *r)
{
	struct hmm_dmirror_select cmd = {
		.start = (uintptr_t)r->p,
		.end = (uintptr_t)r->p + r->size,
		.ptr = (uintptr_t)data,
		.flags = HMM_DMIRROR_SELECT_SYSTEM | HMM_DMIRROR_SELECT_REQ_FAULT,
		.to = HMM_DMIRROR_TO_DEVICE,
	};

	if (ioctl(device, HMM_DMIRROR_SELECT, &cmd))
		fail("%s: %s", r->scene, strerror(errno));
	done.calls = 1;
	done.selected = cmd.cpages;
	done.moved = cmd.migrated;
}
#endif

static void select_node(const struct range *r, int node)
{
	struct bench_select cmd = {
		.start = (uintptr_t)r->p,
		.npages = pages(r),
		.node = node,
	};

	if (ioctl(selector, BENCH_SELECT, &cmd))
		fail("%s: %s", r->scene, strerror(errno));
	done.calls = 1;
	done.selected = cmd.selected;
	done.moved = cmd.moved;
}

static void to_node_1(const struct range *r)
{
	select_node(r, 1);
}

static void device_only(const struct range *r)
{
	select_node(r, -1);
}

/* Plays a step, a part of a step, or work to subtract from a step */
static void play_part(const char *name, char sign, void (*step)(const struct range *r),
		      const struct range *r)
{
	long pages_split = vmstat("thp_split_page"), pmds_split = vmstat("thp_split_pmd");

	done.calls = done.moved = 0;
	done.selected = -1;
	bench_begin();
	step(r);
	bench_end();
	printf("interval\t%u\t%s\t%s\t%c\t%lu\t%ld\t%ld\t%ld\t%ld\t%ld\n", intervals++,
	       r->scene, name, sign, pages(r), done.calls, done.selected, done.moved,
	       vmstat("thp_split_page") - pages_split, vmstat("thp_split_pmd") - pmds_split);
}

static void play(const char *name, void (*step)(const struct range *r),
		 const struct range *r)
{
	play_part(name, '+', step, r);
}

/* After each migration, the driver reads all pages and returns the data: subtract this */
static void but_for(const char *name, void (*step)(const struct range *r),
		    const struct range *r)
{
	play_part(name, '-', step, r);
}

__attribute__((format(printf, 5, 6)))
static struct range range(unsigned long size, int huge, int threads, int filled,
			  const char *format, ...)
{
	struct range r = { .size = size, .huge = huge, .threads = threads };
	va_list args;

	va_start(args, format);
	vsnprintf(r.scene, sizeof(r.scene), format, args);
	va_end(args);
	map(&r);
	if (filled)
		fill(&r);
	return r;
}

static const char *kind(int huge)
{
	return huge ? "huge" : "small";
}

static void back(const struct range *r, const char *how)
{
#ifdef HMM_DMIRROR_MIGRATE_TO_SYS
	if (how && !strcmp(how, "call"))
		play("back", to_system, r);
	else
#endif
	if (how)
		play(!strcmp(how, "call") ? "back" : "faults", touch, r);
	else
		touch(r);
	check(r, false, "after its return");
	unmap(r);
}

/*
 * To the device and back; without a call to migrate back, CPU faults do this
 */
static void there_and_back(unsigned long size, int huge, int threads)
{
	struct range r = range(size, huge, threads, 1, "%lu MiB, %s, %d thread%s", size / MIB,
			       kind(huge), threads, threads > 1 ? "s" : "");

	play("to device", to_device, &r);
	if (done.moved != (long)pages(&r))
		fail("%s: only %ld of %lu pages are on the device", r.scene, done.moved, pages(&r));
	check(&r, true, "on the device");
	but_for("to device", read_back, &r);
	back(&r, "call");
}

static void device_faults(unsigned long size, int huge)
{
	struct range r = range(size, huge, 1, 1, "device faults, %s", kind(huge));

	to_device(&r);
	back(&r, "faults");
}

static void singly(unsigned long size)
{
	struct range r = range(size, 0, 1, 1, "page by page");

	play("to device", to_device_singly, &r);
	check(&r, true, "on the device");
	but_for("to device", read_singly, &r);
	back(&r, NULL);
}

static void half_on_device(unsigned long size, int huge)
{
	struct range r = range(size, huge, 1, 1, "second half on the device, %s", kind(huge));
	struct range half = r;

	half.p += size / 2;
	half.size = size / 2;
	to_device(&half);
	play("to device", try_device, &r);
	/* test_hmm of some kernels cannot read a range that is partly on the device. */
	if (done.moved) {
		check(&r, true, "on the device");
		but_for("to device", read_back, &r);
	}
	back(&r, NULL);
}

static void prefer(char *p, unsigned long size, int node)
{
	unsigned long nodes = 1UL << node;

	/* MPOL_BIND */
	if (syscall(SYS_mbind, p, size, 2, &nodes, 8 * sizeof(nodes), 0))
		fail("mbind: %s", strerror(errno));
}

static void on_node(unsigned long size, int huge, unsigned long there)
{
	struct range r = range(size, huge, 1, 0, "%s on the wanted node, %s",
			       there == size ? "all" : "half", kind(huge));
	unsigned long i;
	int node;

	if (there < size)
		prefer(r.p, size - there, 0);
	prefer(r.p + size - there, there, 1);
	fill(&r);
	play("to node", to_node_1, &r);
	if (done.moved != (long)((size - there) / page_size))
		fail("%s: %ld pages have moved", r.scene, done.moved);
	for (i = 0; i < pages(&r); i++) {
		/* MPOL_F_NODE | MPOL_F_ADDR */
		if (syscall(SYS_get_mempolicy, &node, NULL, 0, r.p + i * page_size, 3) || node != 1)
			fail("%s: page %lu is not on node 1", r.scene, i);
	}
	check(&r, false, "on the node");
	unmap(&r);
}

static int swapped_out(const struct range *r)
{
	int file = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;
	unsigned long i;
	int all = 1;

	for (i = 0; i < pages(r) && all; i++) {
		if (pread(file, &entry, sizeof(entry), ((uintptr_t)r->p / page_size + i) * 8) != 8)
			fail("/proc/self/pagemap: %s", strerror(errno));
		all = entry >> 62 & 1;
	}
	close(file);
	return all;
}

static void swapped(unsigned long size)
{
	struct range r = range(size, 0, 1, 1, "swapped out");
	int i;

	for (i = 0; i < 10 && !swapped_out(&r); i++)
		madvise(r.p, r.size, MADV_PAGEOUT);
	if (!swapped_out(&r))
		fail("%s: it is not", r.scene);
#ifdef HMM_DMIRROR_SELECT
	play("to device", fault_to_device, &r);
	if (done.moved != (long)pages(&r))
		fail("%s: %ld pages have moved", r.scene, done.moved);
#else
	/* Swapped-out pages are not selected: the device faults them in, and asks again. */
	play("to device", try_device, &r);
	play("to device", read_back, &r);
	but_for("to device", read_back, &r);
	play("to device", to_device, &r);
	but_for("to device", read_back, &r);
	check(&r, true, "on the device");
#endif
	back(&r, NULL);
}

static void holes(unsigned long size, int huge)
{
	struct range r = range(size, huge, 1, 0, "holes only, %s", kind(huge));
	unsigned long i;

	play("to device", to_device, &r);
	but_for("to device", read_back, &r);
	for (i = 0; i < size; i++)
		if (data[i])
			fail("%s: there is something in page %lu", r.scene, i / page_size);
	touch(&r);
	unmap(&r);
}

static void selections(unsigned long size)
{
	struct range r = range(size, 1, 1, 1, "device only, over system THPs");

	play("select", device_only, &r);
	check(&r, false, "afterwards");
	unmap(&r);
	r = range(size, 0, 1, 1, "device only, over small pages");
	play("select", device_only, &r);
	check(&r, false, "afterwards");
	unmap(&r);
	r = range(size, 0, 1, 0, "device only, over holes");
	play("select", device_only, &r);
	unmap(&r);
}

static void scenes(void)
{
	const unsigned long sizes[] = { 2 * MIB, 32 * MIB, LARGEST };
	const unsigned long size = 32 * MIB;
	unsigned int i;
	int huge, threads;

	for (i = 0; i < (mode == COUNTS ? 2 : 3); i++)
		for (huge = 0; huge < 2; huge++)
			for (threads = 1; threads <= THREADS; threads += THREADS - 1)
				/* 2 MiB is one huge page: nothing to divide */
				if (!huge || threads == 1 || sizes[i] >= THREADS * HUGE)
					there_and_back(sizes[i], huge, threads);
	singly(2 * MIB);
	for (huge = 0; huge < 2; huge++) {
		device_faults(size, huge);
		half_on_device(size, huge);
		on_node(size, huge, size / 2);
		on_node(size, huge, size);
		holes(size, huge);
	}
	swapped(size);
	selections(size);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void median(const char *scene, const char *step, double *ratios)
{
	qsort(ratios, ROUNDS, sizeof(*ratios), by_value);
	printf("time\t%s\t%s\t%.3f\n", scene, step, ratios[ROUNDS / 2]);
}

/* The time of a copy, by which times() divides the times of both steps of a round */
static double copy(const struct range *r, char *to)
{
	unsigned long part = r->size / r->threads;
	double t = now();
	int i;

	for (i = 0; i < r->threads; i++)
		memcpy(to + i * part, page_of(r, i * (part / page_size)), part);
	return now() - t;
}

static void times(unsigned long size, int huge, int threads)
{
	double there[ROUNDS], returned[ROUNDS], unit, t, reading;
	struct range r;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		r = range(size, huge, threads, 1, "%lu MiB, %s, %d thread%s", size / MIB,
			  kind(huge), threads, threads > 1 ? "s" : "");
		unit = copy(&r, data);
		t = now();
		to_device(&r);
		t = now() - t;
		check(&r, true, "on the device");
		reading = now();
		read_back(&r);
		reading = now() - reading;
		there[i] = (t - reading) / unit;
		t = now();
#ifdef HMM_DMIRROR_MIGRATE_TO_SYS
		to_system(&r);
#else
		touch(&r);
#endif
		returned[i] = (now() - t) / unit;
		check(&r, false, "after its return");
		unmap(&r);
	}
	median(r.scene, "to device", there);
	median(r.scene, "back", returned);
}

static void pin(pthread_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(thread, sizeof(set), &set))
		fail("there is no CPU %d", cpu);
}

static void *spin(void *arg)
{
	(void)arg;
	while (1)
		__asm__ volatile("pause");
	return NULL;
}

int main(int argc, char **argv)
{
	struct range all = { .size = LARGEST, .huge = 1, .threads = 1, .scene = "the device's data" };
	pthread_t spinner;
	int i;

	if (argc == 2 && !strcmp(argv[1], "insns"))
		mode = INSNS;
	else if (argc == 2 && !strcmp(argv[1], "counts"))
		mode = COUNTS;
	else if (argc == 2 && !strcmp(argv[1], "time"))
		mode = TIME;
	else
		fail("usage: hmm-bench insns|counts|time");

	/* Print at the end only, as the host decides when a serial line takes a character. */
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	page_size = sysconf(_SC_PAGESIZE);
	device = open("/dev/hmm_dmirror0", O_RDWR);
	if (device < 0)
		fail("/dev/hmm_dmirror0: %s", strerror(errno));
	selector = open("/dev/bench_select", O_RDWR);
	if (selector < 0)
		fail("/dev/bench_select: %s", strerror(errno));
	pthread_barrier_init(&ready, NULL, THREADS + 1);

	map(&all);
	data = all.p;
	memset(data, 1, mode == INSNS ? LARGEST : 32 * MIB);

	if (mode == TIME) {
		for (i = 0; i < 2; i++) {
			times(32 * MIB, i, 1);
			times(32 * MIB, i, THREADS);
		}
		return 0;
	}
	if (mode == COUNTS) {
		pin(pthread_self(), 0);
		if (pthread_create(&spinner, NULL, spin, NULL))
			fail("no thread");
		pin(spinner, 1);
	}
	/* The first migration allocates the device's memory. */
	for (i = 0; i < 2; i++) {
		struct range r = range(mode == INSNS ? LARGEST : 32 * MIB, i, 1, 1, "first");

		to_device(&r);
		touch(&r);
		unmap(&r);
	}
	scenes();
	return 0;
}
