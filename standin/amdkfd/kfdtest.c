// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests amdkfd's shared virtual memory on the GPUs of device.c. Prints TAP.
 *
 * usage: kfdtest [seconds of each race]
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "memory.h"
#include "kfdsim.h"

/* The address space of this process on the GPUs */
static int gpus;
static bool xnack;

static long set_attrs(const char *mem, size_t size, unsigned int n, const uint32_t (*attrs)[2])
{
	struct kfdsim_svm svm = { .start = (uintptr_t)mem, .size = size, .nattrs = n };
	unsigned int i;

	for (i = 0; i < n; i++) {
		svm.attrs[i].type = attrs[i][0];
		svm.attrs[i].value = attrs[i][1];
	}
	return ioctl(gpus, KFDSIM_SVM, &svm) ? -errno : 0;
}

#define SYSTEM	(-1)

static uint32_t location(int gpu)
{
	return gpu == SYSTEM ? KFDSIM_SYSTEM : KFDSIM_GPU_ID(gpu);
}

static long set_attr(const char *mem, size_t size, uint32_t type, int gpu)
{
	const uint32_t attr[][2] = { { type, location(gpu) } };

	return set_attrs(mem, size, 1, attr);
}

static long prefetch(const char *mem, size_t size, int gpu)
{
	return set_attr(mem, size, KFDSIM_PREFETCH_LOC, gpu);
}

static long allow(const char *mem, size_t size, int gpu)
{
	return set_attr(mem, size, KFDSIM_ACCESS_OK, gpu);
}

/* A fault of the GPU fetches nothing */
static long allow_in_place(const char *mem, size_t size, int gpu)
{
	return set_attr(mem, size, KFDSIM_ACCESS_IN_PLACE, gpu);
}

static long forbid(const char *mem, size_t size, int gpu)
{
	return set_attr(mem, size, KFDSIM_NO_ACCESS, gpu);
}

/* The range is mapped on the GPU, and its memory is there */
static long move(const char *mem, size_t size, int gpu)
{
	const uint32_t attrs[][2] = {
		{ KFDSIM_ACCESS_OK, location(gpu) },
		{ KFDSIM_PREFETCH_LOC, location(gpu) },
	};

	return set_attrs(mem, size, 2, attrs);
}

static struct kfdsim_counts counts(int gpu)
{
	struct kfdsim_counts c = { .gpu = gpu };

	must(!ioctl(gpus, KFDSIM_COUNTS, &c), "KFDSIM_COUNTS");
	return c;
}

/* Memory of all GPUs that is in use */
static long in_use(void)
{
	long n = 0;
	int gpu;

	for (gpu = 0; gpu < KFDSIM_GPUS; gpu++)
		n += counts(gpu).pages + counts(gpu).buffers;
	return n;
}

static void fail(struct kfdsim_fail f)
{
	must(!ioctl(gpus, KFDSIM_FAIL, &f), "KFDSIM_FAIL");
}

/* The driver refuses while it restores mappings: try again, as TTM does */
static long evict(int gpu)
{
	unsigned int tries;
	long n = 1;

	for (tries = 0; tries < 6000 && n > 0; tries++) {
		if (tries)
			usleep(10000);
		n = ioctl(gpus, KFDSIM_EVICT, gpu);
	}
	return n < 0 ? -errno : n;
}

static unsigned long local, remote, faults;

static long gpu_access(const char *mem, size_t size, void *buffer, int gpu, int write)
{
	struct kfdsim_access a = {
		.start = (uintptr_t)mem,
		.size = size,
		.buffer = (uintptr_t)buffer,
		.gpu = gpu,
		.write = write,
	};
	long ret = ioctl(gpus, KFDSIM_ACCESS, &a) ? -errno : 0;

	local = a.local;
	remote = a.remote;
	faults = a.faults;
	return ret;
}

/* The name of a test for areas of several sizes, with XNACK and without */
static const char *name(const struct area *a, const char *text)
{
	static char full[200];

	snprintf(full, sizeof(full), "%s (%zu KiB, %s pages, XNACK %s)", text, a->size >> 10,
		 a->huge ? "huge" : "small", xnack ? "on" : "off");
	return full;
}

static const char *with(const char *text)
{
	static char full[200];

	snprintf(full, sizeof(full), "%s (XNACK %s)", text, xnack ? "on" : "off");
	return full;
}

static void test_there_and_back(size_t size, bool huge)
{
	struct area a = new_area(size, huge);
	struct kfdsim_counts before = counts(0);

	fill(a.mem, size, 1);
	is(move(a.mem, size, 0), 0, name(&a, "a prefetch moves a range to a GPU"));
	is(on_device(a.mem, 0, a.pages), a.pages, name(&a, "all pages are on the GPU"));
	is(counts(0).pages, a.pages, name(&a, "the GPU's memory has all pages"));
	is(counts(0).usage, size, name(&a, "the driver counts the GPU's memory"));
	is(counts(0).to_device - before.to_device, a.pages, name(&a, "each page is copied once"));
	is(counts(0).mapped, a.pages, name(&a, "all pages are mapped on the GPU"));
	is(gpu_access(a.mem, size, a.copy, 0, READ), 0, name(&a, "the GPU reads the range"));
	is(local, a.pages, name(&a, "the GPU reads its own memory"));
	is(faults, 0, name(&a, "the GPU has no fault"));
	is(wrong(a.copy, size, 1), 0, name(&a, "the GPU finds the CPU's data"));
	fill(a.copy, size, 2);
	is(gpu_access(a.mem, size, a.copy, 0, WRITE), 0, name(&a, "the GPU writes to the range"));
	is(on_device(a.mem, 0, a.pages), a.pages, name(&a, "accesses of the GPU leave the range there"));
	is(wrong(a.mem, size, 2), 0, name(&a, "the CPU finds the GPU's data"));
	is(on_device(a.mem, 0, a.pages), 0, name(&a, "CPU faults bring all pages back"));
	is(in_use(), 0, name(&a, "no memory of a GPU is in use"));
	is(counts(0).usage, 0, name(&a, "the driver counts no memory of the GPU"));

	is(gpu_access(a.mem, size, a.copy, 0, READ), 0, name(&a, "the GPU reads the range again"));
	is(wrong(a.copy, size, 2), 0, name(&a, "the GPU finds the data again"));
	fill(a.copy, size, 3);
	is(gpu_access(a.mem, size, a.copy, 0, WRITE), 0, name(&a, "the GPU writes to the range again"));
	is(prefetch(a.mem, size, SYSTEM), 0, name(&a, "a prefetch moves the range to system memory"));
	is(on_device(a.mem, 0, a.pages), 0, name(&a, "the prefetch brings all pages back"));
	is(wrong(a.mem, size, 3), 0, name(&a, "the CPU finds the GPU's data after the prefetch"));
	munmap(a.mem, size);
	is(gpu_access(a.mem, page_size, a.copy, 0, READ), -EFAULT,
	   name(&a, "the GPU cannot read what munmap() has removed"));
	is(counts(0).mapped, 0, name(&a, "no page is mapped on the GPU after munmap()"));
	end_area(&a);
}

static void test_eviction(size_t size, bool huge)
{
	struct area a = new_area(size, huge);

	fill(a.mem, size, 4);
	is(move(a.mem, size, 1), 0, name(&a, "a range moves to the second GPU"));
	is(evict(1), 0, name(&a, "the second GPU's memory is evicted"));
	is(on_device(a.mem, 0, a.pages), 0, name(&a, "an eviction leaves no page on the GPU"));
	is(in_use(), 0, name(&a, "an evicted GPU has no memory in use"));
	is(gpu_access(a.mem, size, a.copy, 1, READ), 0, name(&a, "the GPU reads evicted memory"));
	is(wrong(a.copy, size, 4), 0, name(&a, "the GPU finds the data of evicted memory"));
	is(wrong(a.mem, size, 4), 0, name(&a, "the CPU finds the data of evicted memory"));
	end_area(&a);
}

/* GPUs 0 and 1 are in one hive, 2 is not */
static void test_peers(size_t size, bool huge)
{
	struct area a = new_area(size, huge);

	fill(a.mem, size, 5);
	is(move(a.mem, size, 0), 0, name(&a, "a range moves to the first GPU"));
	is(allow_in_place(a.mem, size, 1), 0, name(&a, "the second GPU may access it in place"));
	is(gpu_access(a.mem, size, a.copy, 1, READ), 0,
	   name(&a, "the second GPU reads the first GPU's memory"));
	is(remote, a.pages, name(&a, "the second GPU reads each page from its peer"));
	is(wrong(a.copy, size, 5), 0, name(&a, "the second GPU finds the data"));
	is(forbid(a.mem, size, 0), 0, name(&a, "the first GPU may not access the range any more"));
	is(forbid(a.mem, size, 1), 0, name(&a, "the second GPU may not access the range any more"));
	is(gpu_access(a.mem, page_size, a.copy, 1, READ) != 0, 1,
	   name(&a, "the second GPU cannot read the range"));
	is(move(a.mem, size, 2), 0, name(&a, "the range moves from GPU to GPU"));
	is(counts(0).pages, 0, name(&a, "the first GPU has no memory in use"));
	is(counts(2).pages, a.pages, name(&a, "the third GPU has all pages"));
	fill(a.copy, size, 6);
	is(gpu_access(a.mem, size, a.copy, 2, WRITE), 0, name(&a, "the third GPU writes"));
	is(local, a.pages, name(&a, "the third GPU writes to its own memory"));
	is(wrong(a.mem, size, 6), 0, name(&a, "the CPU finds the third GPU's data"));
	end_area(&a);
	is(in_use(), 0, name(&a, "no GPU has memory in use after the peers"));
}

static sigjmp_buf after_fault;

static void got_signal(int signal)
{
	siglongjmp(after_fault, signal);
}

/* Not in a child: its fork() would let the driver fetch the memory. Returns: a signal */
static int read_first(const char *mem)
{
	struct sigaction old, new = { .sa_handler = got_signal };
	int signal;

	must(!sigaction(SIGBUS, &new, &old), "sigaction");
	signal = sigsetjmp(after_fault, 1);
	if (!signal)
		signal = -(*(volatile const uint64_t *)mem != word(0, 7));
	must(!sigaction(SIGBUS, &old, NULL), "sigaction");
	return signal;
}

static void test_failing_copies(size_t size, bool huge)
{
	struct area a = new_area(size, huge);

	fill(a.mem, size, 7);
	is(allow(a.mem, size, 0), 0, name(&a, "a GPU may access a range"));
	fail((struct kfdsim_fail){ .copies = 1 });
	is(move(a.mem, size, 0), 0, name(&a, "a prefetch returns 0 if the copy fails"));
	/* The driver moves 2 MiB at a time */
	is(on_device(a.mem, 0, a.pages), size > 2 * MIB ? a.pages / 2 : 0,
	   name(&a, "no page moves of the 2 MiB whose copy fails"));
	is(wrong(a.mem, size, 7), 0, name(&a, "the CPU finds its data after a failed copy"));
	is(gpu_access(a.mem, size, a.copy, 0, READ), 0, name(&a, "the GPU reads after a failed copy"));
	is(wrong(a.copy, size, 7), 0, name(&a, "the GPU finds the data after a failed copy"));
	is(prefetch(a.mem, size, SYSTEM), 0, name(&a, "a prefetch to system memory does nothing"));
	is(in_use(), 0, name(&a, "a failed copy leaves no memory of a GPU in use"));
	fail((struct kfdsim_fail){ .jobs = 1 });
	is(move(a.mem, size, 0), 0, name(&a, "a prefetch returns 0 if the GART cannot be filled"));
	is(wrong(a.mem, size, 7), 0, name(&a, "the CPU finds its data after that"));
	fail((struct kfdsim_fail){ .buffers = 1 });
	is(move(a.mem, size, 0), 0, name(&a, "a prefetch returns 0 if the GPU has no memory"));
	is(wrong(a.mem, size, 7), 0, name(&a, "the CPU finds its data without memory of the GPU"));
	fail((struct kfdsim_fail){});
	is(move(a.mem, size, 0), 0, name(&a, "the next prefetch succeeds"));
	is(on_device(a.mem, 0, a.pages), a.pages, name(&a, "the next prefetch moves all pages"));
	fail((struct kfdsim_fail){ .copies = 1 });
	is(read_first(a.mem), SIGBUS,
	   name(&a, "a CPU fault gets SIGBUS if the copy fails"));
	is(wrong(a.mem, size, 7), 0, name(&a, "the next read finds the data"));
	is(move(a.mem, size, 0), 0, name(&a, "the range moves after a failed fault"));
	fail((struct kfdsim_fail){});
	end_area(&a);
	is(in_use(), 0, name(&a, "no GPU has memory in use after failures"));
}

static void test_fork(size_t size, bool huge)
{
	struct area a = new_area(size, huge);
	struct waiting_child c = { .area = &a, .salt = 8 };

	fill(a.mem, size, 8);
	is(move(a.mem, size, 0), 0, name(&a, "memory of a process that forks moves"));
	start_child(&c);
	fill(a.copy, size, 9);
	is(gpu_access(a.mem, size, a.copy, 0, WRITE), 0,
	   name(&a, "the GPU writes to pages that a child has, too"));
	is(wrong(a.mem, size, 9), 0, name(&a, "the parent finds the GPU's data"));
	is(child_finds(&c), 1, name(&a, "the child finds the data from before the fork"));
	must(wait(NULL) > 0, "wait");
	is(wrong(a.mem, size, 9), 0, name(&a, "the parent keeps the GPU's data"));
	end_area(&a);
	is(in_use(), 0, name(&a, "no GPU has memory in use after the fork"));
}

/* XNACK: the GPU's faults bring the memory of any range */
static void test_gpu_faults(void)
{
	struct area a = new_area(4 * MIB, true);

	fill(a.mem, a.size, 10);
	is(gpu_access(a.mem, a.size, a.copy, 0, READ), 0,
	   "a GPU reads memory that it knows nothing of");
	is(faults > 0, 1, "the GPU has faults");
	is(local, a.pages, "GPU faults fetch all pages");
	is(wrong(a.copy, a.size, 10), 0, "the GPU finds the data that its faults have fetched");
	is(gpu_access(a.mem, a.size, a.copy, 2, READ), 0, "another GPU reads the memory");
	is(local, a.pages, "faults of the other GPU fetch all pages");
	is(wrong(a.copy, a.size, 10), 0, "the other GPU finds the data");
	is(counts(0).pages, 0, "the first GPU has no page");
	must(!mprotect(a.mem, a.size, PROT_READ), "mprotect");
	is(gpu_access(a.mem, a.size, a.copy, 2, READ), 0, "the GPU reads memory that is read-only now");
	is(gpu_access(a.mem, page_size, a.copy, 2, WRITE), -EPERM, "the GPU cannot write to it");
	is(wrong(a.mem, a.size, 10), 0, "read-only memory keeps its data");
	end_area(&a);
	is(in_use(), 0, "no GPU has memory in use after the faults");
}

static void test_part(void)
{
	struct area a = new_area(2 * MIB, true);
	const size_t part = 64 << 10;

	fill(a.mem, a.size, 11);
	is(move(a.mem, a.size, 0), 0, with("a huge page moves"));
	munmap(a.mem + MIB, part);
	is(gpu_access(a.mem, MIB, a.copy, 0, READ), 0, with("the GPU reads what is before the part"));
	is(wrong(a.copy, MIB, 11), 0, with("the GPU finds the data before the part"));
	is(gpu_access(a.mem + MIB, part, a.copy, 0, READ), -EFAULT, with("the GPU cannot read the part"));
	is(wrong(a.mem, MIB, 11), 0, with("the CPU finds the data before the part"));
	is(*(volatile uint64_t *)(a.mem + MIB + part), word(MIB + part, 11),
	   with("the CPU finds the data behind the part"));
	end_area(&a);
	is(in_use(), 0, with("no GPU has memory in use after munmap() of a part"));
}

static void test_holes(void)
{
	struct area a = new_area(MIB, false);

	is(move(a.mem, a.size, 0), 0, with("holes move"));
	is(gpu_access(a.mem, a.size, a.copy, 0, READ), 0, with("the GPU reads former holes"));
	is(wrong(a.copy, a.size, 0), 0, with("the GPU finds zeros in former holes"));
	is(wrong(a.mem, a.size, 0), 0, with("the CPU finds zeros in former holes"));
	must(!madvise(a.mem, a.size, MADV_DONTNEED), "MADV_DONTNEED");
	fill(a.mem, a.size / 2, 12);
	is(move(a.mem, a.size, 0), 0, with("pages and holes move"));
	is(gpu_access(a.mem, a.size, a.copy, 0, READ), 0, with("the GPU reads pages and former holes"));
	is(wrong(a.copy, a.size / 2, 12), 0, with("the GPU finds the data beside former holes"));
	is(wrong(a.mem, a.size / 2, 12), 0, with("the CPU finds the data beside former holes"));
	is(wrong(a.mem + a.size / 2, a.size / 2, 0), 0, with("the CPU finds zeros beside former pages"));
	end_area(&a);
}

/* Pages that stay, one after each other page and in blocks, also at the start */
static void test_pinned(long first, long step, long n)
{
	struct area a = new_area(MIB, false);
	struct iovec iov = { .iov_len = page_size };
	long pinned = 0;
	long i;
	int fds[2];

	fill(a.mem, a.size, 13);
	must(!pipe(fds), "pipe");
	for (i = 0; i < a.pages; i++) {
		if (i % step < first || i % step >= first + n || pinned == 16)
			continue;
		iov.iov_base = a.mem + i * page_size;
		must(vmsplice(fds[1], &iov, 1, 0) == (ssize_t)page_size, "vmsplice");
		pinned++;
	}
	is(move(a.mem, a.size, 0), 0, with("a range with pinned pages moves"));
	is(on_device(a.mem, 0, a.pages), a.pages - pinned, with("all pages but the pinned move"));
	is(gpu_access(a.mem, a.size, a.copy, 0, READ), 0, with("the GPU reads a range with pinned pages"));
	is(wrong(a.copy, a.size, 13), 0, with("the GPU finds the data beside pinned pages"));
	fill(a.copy, a.size, 14);
	is(gpu_access(a.mem, a.size, a.copy, 0, WRITE), 0, with("the GPU writes to the range"));
	close(fds[0]);
	close(fds[1]);
	is(wrong(a.mem, a.size, 14), 0, with("the CPU finds the GPU's data beside pinned pages"));
	end_area(&a);
	is(in_use(), 0, with("no GPU has memory in use after the pins"));
}

/* The driver starts the queues again in a work item, soon */
static void wait_for_queues(void)
{
	struct kfdsim_counts c;
	unsigned int tries = 0;

	do {
		must(tries++ < 6000, "the queues start again");
		usleep(10000);
		c = counts(0);
	} while (c.resumed != c.quiesced);
}

static void no_writes(struct area *a, int gpu)
{
	uint64_t other = ~0ull;
	long allowed = 0, i;

	for (i = 0; i < a->pages; i++)
		allowed += !gpu_access(a->mem + i * page_size, sizeof(other), &other, gpu, WRITE);
	is(allowed, 0, name(a, "the GPU can write to no page"));
}

/* Attributes change, while the prefetch finds some pages, or none, to move */
static void test_read_only(bool there, bool pin)
{
	struct area a = new_area(64 << 10, false);
	struct iovec iov = { .iov_base = a.mem, .iov_len = a.size / 2 };
	struct kfdsim_counts before;
	int fds[2] = { -1, -1 };
	const uint32_t attrs[][2] = {
		{ KFDSIM_PREFETCH_LOC, location(0) },
		{ KFDSIM_SET_FLAGS, KFDSIM_READ_ONLY },
	};

	fill(a.mem, a.size, 15);
	is((there ? move : allow_in_place)(a.mem, a.size, 0), 0,
	   name(&a, there ? "a range is mapped on a GPU, in its memory" :
		"a range is mapped on a GPU, in system memory"));
	is(gpu_access(a.mem, a.size, a.copy, 0, READ), 0, name(&a, "the GPU reads the range"));
	fill(a.copy, a.size, 16);
	is(gpu_access(a.mem, a.size, a.copy, 0, WRITE), 0, name(&a, "the GPU writes to the range"));
	if (pin)
		must(!pipe(fds) && vmsplice(fds[1], &iov, 1, 0) == (ssize_t)iov.iov_len, "vmsplice");
	before = counts(0);
	is(set_attrs(a.mem, a.size, 2, attrs), 0,
	   name(&a, there ? "a prefetch that finds nothing to move makes the range read-only" :
		pin ? "a prefetch that moves a half makes the range read-only" :
		"a prefetch that moves all makes the range read-only"));
	wait_for_queues();
	if (there)
		is(counts(0).quiesced, before.quiesced, name(&a, "the queues were not stopped for nothing"));
	if (there || pin)
		is(counts(0).flushes > before.flushes, 1, name(&a, "the GPU's TLB was flushed"));
	no_writes(&a, 0);
	is(gpu_access(a.mem, a.size, a.copy, 0, READ), 0, name(&a, "the GPU reads read-only memory"));
	is(wrong(a.copy, a.size, 16), 0, name(&a, "the GPU finds its data in read-only memory"));
	is(wrong(a.mem, a.size, 16), 0, name(&a, "the CPU finds the GPU's data in that memory"));
	close(fds[0]);
	close(fds[1]);
	end_area(&a);
}

/* munmap() and new memory at the address, with the GPU's TLB still full */
static void test_new_memory(void)
{
	struct area a = new_area(MIB, false);

	fill(a.mem, a.size, 17);
	is(move(a.mem, a.size, 0), 0, with("a range moves before it is replaced"));
	is(gpu_access(a.mem, a.size, a.copy, 0, READ), 0, with("the GPU reads the old memory"));
	must(mmap(a.mem, a.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		  -1, 0) == a.mem, "mmap");
	fill(a.mem, a.size, 18);
	is(allow(a.mem, a.size, 0), 0, with("the GPU may access the new memory"));
	is(gpu_access(a.mem, a.size, a.copy, 0, READ), 0, with("the GPU reads the new memory"));
	is(wrong(a.copy, a.size, 18), 0, with("the GPU finds the new data"));
	end_area(&a);
	is(in_use(), 0, with("no GPU has memory in use after the new memory"));
}

static void test_swapped(void)
{
	struct area a = new_area(MIB, false);

	fill(a.mem, a.size, 20);
	is(allow(a.mem, a.size, 0), 0, with("a range is mapped before it is swapped out"));
	must(!madvise(a.mem, a.size, MADV_PAGEOUT), "MADV_PAGEOUT");
	is(gpu_access(a.mem, a.size, a.copy, 0, READ), 0, with("the GPU reads memory that was swapped out"));
	is(wrong(a.copy, a.size, 20), 0, with("the GPU finds the data that was swapped out"));
	must(!madvise(a.mem, a.size, MADV_PAGEOUT), "MADV_PAGEOUT");
	is(move(a.mem, a.size, 0), 0, with("a prefetch of swapped-out memory"));
	is(gpu_access(a.mem, a.size, a.copy, 0, READ), 0, with("the GPU reads it after the prefetch"));
	is(wrong(a.copy, a.size, 20), 0, with("the GPU finds the data after the prefetch"));
	is(wrong(a.mem, a.size, 20), 0, with("the CPU finds the data that was swapped out"));
	end_area(&a);
}

static void move_again(void *arg)
{
	must(!move(arg, page_size, 0), "KFDSIM_SVM");
}

static void test_no_memory(void)
{
	struct area a = new_area(64 << 10, false);

	fill(a.mem, a.size, 21);
	test_failing_reads(with("a read of a GPU's page succeeds although an allocation fails"),
			   (uint64_t *)a.mem, word(0, 21), move_again, a.mem);
	end_area(&a);
}

static long race_access(char *mem, void *buffer, int write, uint64_t round)
{
	(void)round;
	return gpu_access(mem, 8, buffer, 0, write);
}

#define RANGE	(64ul << 10)	/* what a prefetch of the race moves */

static void *moves(void *arg)
{
	unsigned int x = 12345;
	struct racer *r = arg;

	for (; racing(r); x = x * 1664525 + 1013904223)
		r->n += !prefetch(r->area->mem + (x >> 8) % (RACE / RANGE) * RANGE, RANGE,
				  x >> 31 ? SYSTEM : 0);
	return NULL;
}

static void test_race(unsigned int seconds, bool huge, bool late)
{
	struct area a = new_area(RACE, huge);
	struct racer r[] = {
		{ .func = cpu_writes }, { .func = cpu_writes }, { .func = gpu_writes },
		{ .func = moves },
	};
	long bad = 0;
	size_t at;

	memset(a.mem, 0, RACE);
	for (at = 0; at < RACE; at += RANGE)
		bad += allow_in_place(a.mem + at, RANGE, 0) != 0;
	is(bad, 0, name(&a, "a GPU may access the memory of the race"));
	fail((struct kfdsim_fail){ .late = late });
	race(r, sizeof(r) / sizeof(*r), &a, seconds);
	printf("# %lu words by CPUs, %lu by GPUs, %lu prefetches\n",
	       r[0].n + r[1].n, r[2].n, r[3].n);
	is(r[0].n && r[1].n && r[2].n && r[3].n, 1,
	   name(&a, late ? "CPUs, GPUs and prefetches race, with late copies" :
		"CPUs, GPUs and prefetches race"));
	is(r[0].lost + r[1].lost, 0, name(&a, "no write of a CPU is lost"));
	is(r[2].lost, 0, name(&a, "no write of a GPU is lost"));

	is(gpu_access(a.mem, RACE, a.copy, 0, READ), 0, name(&a, "a GPU reads all memory after the race"));
	is(memcmp(a.mem, a.copy, RACE) != 0, 0,
	   name(&a, "the CPU finds what the GPU finds after the race"));
	fail((struct kfdsim_fail){});
	end_area(&a);
	is(in_use(), 0, name(&a, "no GPU has memory in use after the race"));
}

static void test_unload(void)
{
	struct area a = new_area(4 * MIB, true);

	fill(a.mem, a.size, 22);
	is(move(a.mem, a.size, 0), 0, "pages move before the module is unloaded");
	is(wrong(a.mem, a.size, 22), 0, "all pages have their data before the unload");
	end_area(&a);
	is(counts(0).reserved, 0, "the driver has given back all that it has reserved");
	close(gpus);
	is(system("rmmod kfdsim"), 0, "the module can be unloaded");
}

int main(int argc, char **argv)
{
	const unsigned int seconds = argc > 1 ? atoi(argv[1]) : 3;
	static const struct {
		size_t	size;
		bool	huge;
	} areas[] = {
		{ 64 << 10, false }, { 2 * MIB, false }, { 2 * MIB, true }, { 4 * MIB, true },
	};
	unsigned int i, mode;

	page_size = sysconf(_SC_PAGESIZE);
	gpus = open("/dev/kfdsim", O_RDWR);
	must(gpus >= 0, "/dev/kfdsim");
	for (mode = 0; mode < 2; mode++) {
		xnack = mode;
		must(!ioctl(gpus, KFDSIM_XNACK, mode), "KFDSIM_XNACK");
		for (i = 0; i < sizeof(areas) / sizeof(*areas); i++) {
			test_there_and_back(areas[i].size, areas[i].huge);
			test_eviction(areas[i].size, areas[i].huge);
			test_peers(areas[i].size, areas[i].huge);
			test_failing_copies(areas[i].size, areas[i].huge);
			test_fork(areas[i].size, areas[i].huge);
		}
		test_read_only(false, false);
		test_read_only(false, true);
		test_read_only(true, false);
		test_part();
		test_holes();
		test_pinned(0, 2, 1);
		test_pinned(1, 2, 1);
		test_pinned(0, 16, 4);
		test_new_memory();
		test_swapped();
		if (xnack) {
			test_gpu_faults();
			/* Without XNACK, the driver fetches the memory after fork() */
			test_no_memory();
		}
		test_race(seconds, false, false);
		test_race(seconds, true, true);
	}
	test_unload();
	printf("1..%u\n", tests);
	return failed != 0;
}
