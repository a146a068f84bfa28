// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests drm_pagemap and drm_gpusvm on the GPUs of device.c. Prints TAP.
 *
 * usage: gputest [seconds of each race]
 */
#define _GNU_SOURCE
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include "memory.h"
#include "gpusim.h"

/* The address space of this process on the GPUs */
static int gpus;

static long migrate_with(const char *mem, size_t size, int gpu, int same_pagemap,
			 unsigned int timeslice_ms)
{
	struct gpusim_migrate m = {
		.start = (uintptr_t)mem,
		.end = (uintptr_t)mem + size,
		.gpu = gpu,
		.same_pagemap = same_pagemap,
		.timeslice_ms = timeslice_ms,
	};

	return ioctl(gpus, GPUSIM_MIGRATE, &m) ? -errno : 0;
}

static long migrate(const char *mem, size_t size, int gpu)
{
	return migrate_with(mem, size, gpu, 0, 0);
}

static long evict(int gpu)
{
	return ioctl(gpus, GPUSIM_EVICT, gpu) ? -errno : 0;
}

static struct gpusim_counts counts(int gpu)
{
	struct gpusim_counts c = { .gpu = gpu };

	must(!ioctl(gpus, GPUSIM_COUNTS, &c), "GPUSIM_COUNTS");
	return c;
}

static void fail_copies(unsigned int to_device, unsigned int from_device)
{
	struct gpusim_fail fail = { to_device, from_device };

	must(!ioctl(gpus, GPUSIM_FAIL, &fail), "GPUSIM_FAIL");
}

enum { WHERE_IT_IS, MIGRATES };

/* Pages of the last access in memory of this GPU, and of another GPU */
static unsigned long local, remote;

static long gpu_access(const char *mem, size_t size, void *buffer, int gpu, int write,
		       int migrates)
{
	struct gpusim_access a = {
		.start = (uintptr_t)mem,
		.size = size,
		.buffer = (uintptr_t)buffer,
		.gpu = gpu,
		.write = write,
		.migrate = migrates,
	};
	long ret = ioctl(gpus, GPUSIM_ACCESS, &a) ? -errno : 0;

	local = a.local;
	remote = a.remote;
	return ret;
}

/* Anonymous memory of the mapping at @mem that PMDs map, in bytes */
static size_t huge_size(const char *mem)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long start, end, kib, found = 0;
	bool inside = false;
	char line[256];

	must(file, "/proc/self/smaps");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = (uintptr_t)mem >= start && (uintptr_t)mem < end;
		else if (inside && sscanf(line, "AnonHugePages: %lu kB", &kib) == 1)
			found = kib << 10;
	}
	fclose(file);
	return found;
}

/* The name of a test for areas of several sizes */
static const char *name(const struct area *a, const char *text)
{
	static char full[200];

	snprintf(full, sizeof(full), "%s (%zu KiB, %s pages)", text, a->size >> 10,
		 a->huge ? "huge" : "small");
	return full;
}

static void test_there_and_back(size_t size, bool huge)
{
	struct area a = new_area(size, huge);
	struct gpusim_counts before = counts(0);

	fill(a.mem, size, 1);
	is(migrate(a.mem, size, 0), 0, name(&a, "a range migrates to a GPU"));
	is(on_device(a.mem, 0, a.pages), a.pages, name(&a, "all pages are on the GPU"));
	is(counts(0).pages, a.pages, name(&a, "the GPU's memory has all pages"));
	is(counts(0).to_device - before.to_device, a.pages, name(&a, "each page is copied once"));
	is(gpu_access(a.mem, size, a.copy, 0, READ, WHERE_IT_IS), 0, name(&a, "the GPU reads the range"));
	is(local, a.pages, name(&a, "the GPU reads its own memory"));
	is(wrong(a.copy, size, 1), 0, name(&a, "the GPU finds the CPU's data"));
	fill(a.copy, size, 2);
	is(gpu_access(a.mem, size, a.copy, 0, WRITE, WHERE_IT_IS), 0,
	   name(&a, "the GPU writes to the range"));
	is(on_device(a.mem, 0, a.pages), a.pages, name(&a, "accesses of the GPU leave the range there"));
	is(wrong(a.mem, size, 2), 0, name(&a, "the CPU finds the GPU's data"));
	is(on_device(a.mem, 0, a.pages), 0, name(&a, "CPU faults bring all pages back"));
	is(huge_size(a.mem), huge ? size : 0, name(&a, "huge pages come back whole"));
	is(counts(0).pages + counts(0).buffers, 0, name(&a, "no memory of the GPU is in use"));

	is(gpu_access(a.mem, size, a.copy, 0, READ, WHERE_IT_IS), 0,
	   name(&a, "the GPU reads system memory"));
	is(local + remote, 0, name(&a, "system memory is on no GPU"));
	is(wrong(a.copy, size, 2), 0, name(&a, "the GPU finds the data in system memory"));
	end_area(&a);
}

static void test_eviction(size_t size, bool huge)
{
	struct area a = new_area(size, huge);

	fill(a.mem, size, 3);
	is(migrate(a.mem, size, 1), 0, name(&a, "a range migrates to the second GPU"));
	is(evict(1), 0, name(&a, "the second GPU's memory is evicted"));
	is(on_device(a.mem, 0, a.pages), 0, name(&a, "an eviction leaves no page on the GPU"));
	is(huge_size(a.mem), huge ? size : 0, name(&a, "an eviction keeps huge pages whole"));
	is(wrong(a.mem, size, 3), 0, name(&a, "an eviction keeps the data"));
	is(counts(1).pages + counts(1).buffers, 0, name(&a, "an evicted GPU has no memory in use"));
	end_area(&a);
}

static void test_peers(size_t size, bool huge)
{
	struct area a = new_area(size, huge);

	fill(a.mem, size, 4);
	is(migrate(a.mem, size, 0), 0, name(&a, "a range migrates to the first GPU"));
	is(gpu_access(a.mem, size, a.copy, 1, READ, WHERE_IT_IS), 0,
	   name(&a, "the second GPU reads the first GPU's memory"));
	is(remote, a.pages, name(&a, "the second GPU reads each page from its peer"));
	is(wrong(a.copy, size, 4), 0, name(&a, "the second GPU finds the data"));
	is(migrate(a.mem, size, 1), 0, name(&a, "the range migrates from GPU to GPU"));
	is(on_device(a.mem, 0, a.pages), a.pages, name(&a, "no CPU sees the pages on their way"));
	is(counts(0).pages + counts(0).buffers, 0, name(&a, "the first GPU has no memory in use"));
	is(counts(1).pages, a.pages, name(&a, "the second GPU has all pages"));
	is(gpu_access(a.mem, size, a.copy, 0, READ, WHERE_IT_IS), 0,
	   name(&a, "the first GPU reads the second GPU's memory"));
	is(wrong(a.copy, size, 4), 0, name(&a, "the first GPU finds the data"));
	fill(a.copy, size, 5);
	is(gpu_access(a.mem, size, a.copy, 0, WRITE, MIGRATES), 0,
	   name(&a, "a fault of the first GPU fetches the range"));
	is(local, a.pages, name(&a, "the first GPU writes to its own memory"));
	is(wrong(a.mem, size, 5), 0, name(&a, "the CPU finds the data of the first GPU"));
	munmap(a.mem, size);
	is(counts(0).pages + counts(1).pages, 0, name(&a, "no GPU has memory in use after munmap()"));
	end_area(&a);
}

/* Parts of one range are in system memory, on one GPU and on the other GPU */
static void test_mixed(void)
{
	struct area a = new_area(MIB, false);
	const size_t part = a.size / 4;

	fill(a.mem, a.size, 6);
	is(migrate(a.mem + part, part, 0), 0, "a quarter of a range migrates to a GPU");
	is(migrate(a.mem + 2 * part, part, 1), 0, "another quarter migrates to the other GPU");
	is(gpu_access(a.mem, a.size, a.copy, 0, READ, WHERE_IT_IS), 0,
	   "a GPU reads a range with pages in three places");
	is(wrong(a.copy, a.size, 6), 0, "the GPU finds the data in all three places");
	is(migrate(a.mem, a.size, 0), -EBUSY,
	   "a range that is there in part returns -EBUSY if the GPU cannot copy its own memory");
	is(wrong(a.copy, a.size, 6), 0, "a refused range keeps its data");
	is(migrate(a.mem + part, part, 0), 0, "the quarter migrates again");
	is(migrate(a.mem + 2 * part, part, 1), 0, "the other quarter migrates again");
	is(migrate_with(a.mem, a.size, 0, 1, 0), 0,
	   "a range in three places migrates if the GPU can copy its own memory");
	is(counts(0).pages, a.pages, "all pages are on one GPU, in one buffer");
	is(counts(0).buffers, 1, "the GPU has one buffer");
	is(counts(1).pages, 0, "the other GPU has no page");
	is(gpu_access(a.mem, a.size, a.copy, 0, READ, WHERE_IT_IS), 0, "the GPU reads its one buffer");
	is(wrong(a.copy, a.size, 6), 0, "the GPU finds the data from three places");
	is(wrong(a.mem, a.size, 6), 0, "the CPU finds the data from three places");
	end_area(&a);
}

static void test_gpu_faults(void)
{
	struct area a = new_area(4 * MIB, true);

	fill(a.mem, a.size, 7);
	is(gpu_access(a.mem, a.size, a.copy, 0, READ, MIGRATES), 0,
	   "a GPU fault fetches memory of the process");
	is(local, a.pages, "GPU faults fetch all pages");
	is(wrong(a.copy, a.size, 7), 0, "the GPU finds the data that its faults have fetched");
	munmap(a.mem, a.size / 2);
	is(gpu_access(a.mem, page_size, a.copy, 0, READ, MIGRATES), -ENOENT,
	   "a GPU fault on unmapped memory returns -ENOENT");
	is(gpu_access(a.mem + a.size / 2, a.size / 2, a.copy, 0, READ, MIGRATES), 0,
	   "a GPU reads the half that is still mapped");
	is(memcmp(a.copy, a.mem + a.size / 2, a.size / 2) != 0, 0,
	   "the GPU finds the data of the half that is still mapped");
	end_area(&a);
}

/* munmap() of a part of a range that is on the GPU */
static void test_part(void)
{
	struct area a = new_area(2 * MIB, true);
	const size_t part = 64 << 10;

	fill(a.mem, a.size, 8);
	is(gpu_access(a.mem, a.size, a.copy, 0, READ, MIGRATES), 0, "a GPU fetches a huge page");
	munmap(a.mem + MIB, part);
	is(gpu_access(a.mem, MIB, a.copy, 0, READ, WHERE_IT_IS), 0,
	   "the GPU reads a huge page that has lost a part");
	is(wrong(a.copy, MIB, 8), 0, "the GPU finds the data before the part");
	is(gpu_access(a.mem + MIB, part, a.copy, 0, READ, WHERE_IT_IS), -ENOENT,
	   "the GPU cannot read the part");
	is(wrong(a.mem, MIB, 8), 0, "the CPU finds the data before the part");
	is(*(volatile uint64_t *)(a.mem + MIB + part), word(MIB + part, 8),
	   "the CPU finds the data behind the part");
	end_area(&a);
}

static void test_holes(void)
{
	struct area a = new_area(MIB, false);

	is(migrate(a.mem, a.size, 0), 0, "holes migrate");
	is(on_device(a.mem, 0, a.pages), a.pages, "holes become pages of the GPU");
	is(gpu_access(a.mem, a.size, a.copy, 0, READ, WHERE_IT_IS), 0, "the GPU reads former holes");
	is(wrong(a.copy, a.size, 0), 0, "the GPU finds zeros in former holes");
	is(wrong(a.mem, a.size, 0), 0, "the CPU finds zeros in former holes");
	must(!madvise(a.mem, a.size, MADV_DONTNEED), "MADV_DONTNEED");
	fill(a.mem, a.size / 2, 9);
	is(migrate(a.mem, a.size, 0), 0, "pages and holes migrate");
	is(wrong(a.mem, a.size / 2, 9), 0, "the CPU finds the data beside former holes");
	is(wrong(a.mem + a.size / 2, a.size / 2, 0), 0, "the CPU finds zeros beside former pages");
	end_area(&a);
}

/* userfaultfd: only the monitor may fill the memory */
static void test_monitored(void)
{
	struct area a = new_area(64 << 10, false);
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)a.mem, .len = a.size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	must(fd >= 0 && !ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &reg),
	     "userfaultfd");
	is(migrate(a.mem, a.size, 0), -EBUSY,
	   "holes that a userfaultfd monitor will fill return -EBUSY");
	is(counts(0).pages + counts(0).buffers, 0, "refused holes use no memory of the GPU");
	close(fd);
	is(migrate(a.mem, a.size, 0), 0, "the holes migrate without the monitor");
	end_area(&a);
}

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif

/* A guard page never becomes accessible: a second attempt cannot help */
static void test_guard(void)
{
	struct area a = new_area(64 << 10, false);
	char *guard = a.mem + 4 * page_size;

	fill(a.mem, a.size, 24);
	must(!madvise(guard, page_size, MADV_GUARD_INSTALL), "MADV_GUARD_INSTALL");
	is(migrate(a.mem, a.size, 0), -EOPNOTSUPP, "a range with a guard page returns -EOPNOTSUPP");
	is(counts(0).pages + counts(0).buffers, 0, "a refused range uses no memory of the GPU");
	must(!madvise(guard, page_size, MADV_GUARD_REMOVE), "MADV_GUARD_REMOVE");
	is(migrate(a.mem, a.size, 0), 0, "the range migrates without the guard page");
	is(wrong(a.mem, 4 * page_size, 24), 0, "the CPU finds the data before the guard page");
	end_area(&a);
}

static void test_shared(void)
{
	const size_t size = 64 << 10;
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *copy = malloc(size);

	must(mem != MAP_FAILED && copy, "mmap");
	fill(mem, size, 10);
	is(migrate(mem, size, 0), -EOPNOTSUPP, "shared memory returns -EOPNOTSUPP");
	is(gpu_access(mem, size, copy, 0, READ, MIGRATES), 0, "a GPU reads shared memory where it is");
	is(wrong(copy, size, 10), 0, "the GPU finds the data of shared memory");
	munmap(mem, size);
	free(copy);
}

static void test_pinned(void)
{
	struct area a = new_area(MIB, false);
	struct iovec iov = { .iov_base = a.mem + 8 * page_size, .iov_len = page_size };
	int fds[2];

	fill(a.mem, a.size, 11);
	must(!pipe(fds) && vmsplice(fds[1], &iov, 1, 0) == (ssize_t)page_size, "vmsplice");
	is(migrate(a.mem, a.size, 0), -EBUSY, "a range with a pinned page returns -EBUSY");
	is(counts(0).pages + counts(0).buffers, 0, "a pinned page leaves no memory of the GPU in use");
	is(wrong(a.mem, a.size, 11), 0, "the CPU finds its data beside the pin");
	is(gpu_access(a.mem, a.size, a.copy, 0, READ, MIGRATES), 0, "a GPU reads a pinned page where it is");
	is(wrong(a.copy, a.size, 11), 0, "the GPU finds the data of the pinned page");
	close(fds[0]);
	close(fds[1]);
	is(migrate_with(a.mem, a.size, 0, 1, 0), 0, "the range migrates without the pin");
	end_area(&a);
}

static void test_swapped(void)
{
	struct area a = new_area(MIB, false);
	struct gpusim_counts before = counts(0);
	unsigned int tries;
	long ret = -EBUSY;

	fill(a.mem, a.size, 12);
	must(!madvise(a.mem, a.size, MADV_PAGEOUT), "MADV_PAGEOUT");
	is(on_device(a.mem, 0, a.pages) > 0, 1, "pages are swapped out");
	is(migrate(a.mem, a.size, 0), -EBUSY, "swapped-out memory returns -EBUSY");
	is(counts(0).to_device - before.to_device, 0, "swapped-out memory is not copied");
	is(gpu_access(a.mem, a.size, a.copy, 0, READ, WHERE_IT_IS), 0,
	   "a GPU fault swaps memory in");
	is(wrong(a.copy, a.size, 12), 0, "the GPU finds the data that was swapped out");
	/* A page can still be under writeback */
	for (tries = 0; tries < 1000 && (ret = migrate(a.mem, a.size, 0)) == -EBUSY; tries++)
		usleep(10000);
	is(ret, 0, "memory migrates when it is swapped in");
	is(wrong(a.mem, a.size, 12), 0, "the CPU finds the data that was swapped out");
	end_area(&a);
}

static void test_protection(void)
{
	struct area a = new_area(64 << 10, false);

	fill(a.mem, a.size, 13);
	must(!mprotect(a.mem, a.size, PROT_READ), "mprotect");
	is(migrate(a.mem, a.size, 0), 0, "read-only memory migrates");
	is(gpu_access(a.mem, a.size, a.copy, 0, READ, WHERE_IT_IS), 0, "a GPU reads read-only memory");
	is(wrong(a.copy, a.size, 13), 0, "the GPU finds the data of read-only memory");
	is(gpu_access(a.mem, a.size, a.copy, 0, WRITE, WHERE_IT_IS), -EPERM,
	   "a GPU cannot write to read-only memory");
	is(wrong(a.mem, a.size, 13), 0, "read-only memory keeps its data");
	end_area(&a);
}

static void test_fork(size_t size, bool huge, int migrates)
{
	struct area a = new_area(size, huge);
	struct waiting_child c = { .area = &a, .salt = 14 };

	fill(a.mem, size, 14);
	is(migrate(a.mem, size, 0), 0, name(&a, "memory of a process that forks migrates"));
	start_child(&c);
	fill(a.copy, size, 15);
	is(gpu_access(a.mem, size, a.copy, 0, WRITE, migrates), 0,
	   name(&a, migrates ? "a GPU fault that migrates writes to pages that a child has, too" :
		"the GPU writes to pages that a child has, too"));
	is(wrong(a.mem, size, 15), 0, name(&a, "the parent finds the GPU's data"));
	is(child_finds(&c), 1, name(&a, "the child finds the data from before the fork"));
	must(wait(NULL) > 0, "wait");
	is(wrong(a.mem, size, 15), 0, name(&a, "the parent keeps the GPU's data"));
	end_area(&a);
}

static void test_mremap(void)
{
	struct area a = new_area(2 * MIB, true), to = new_area(2 * MIB, true);

	fill(a.mem, a.size, 16);
	is(gpu_access(a.mem, a.size, a.copy, 0, READ, MIGRATES), 0, "a GPU fetches memory that will move");
	must(mremap(a.mem, a.size, a.size, MREMAP_MAYMOVE | MREMAP_FIXED, to.mem) == to.mem, "mremap");
	is(on_device(to.mem, 0, to.pages), to.pages, "mremap() leaves memory on the GPU");
	is(gpu_access(to.mem, to.size, to.copy, 0, READ, WHERE_IT_IS), 0,
	   "the GPU reads memory at its new address");
	is(wrong(to.copy, to.size, 16), 0, "the GPU finds the data at the new address");
	is(wrong(to.mem, to.size, 16), 0, "the CPU finds the data at the new address");
	is(gpu_access(a.mem, page_size, a.copy, 0, READ, WHERE_IT_IS), -ENOENT,
	   "the GPU cannot read the old address");
	end_area(&a);
	end_area(&to);
}

static int read_first(void *arg)
{
	return *(volatile uint64_t *)arg != word(0, 17);
}

static void test_failing_copies(size_t size, bool huge)
{
	struct area a = new_area(size, huge);
	int status;

	fill(a.mem, size, 17);
	fail_copies(1, 0);
	is(migrate(a.mem, size, 0), -EIO, name(&a, "a copy to the GPU that fails returns -EIO"));
	is(wrong(a.mem, size, 17), 0, name(&a, "the CPU finds its data after a failed copy"));
	is(counts(0).pages + counts(0).buffers, 0,
	   name(&a, "a failed copy leaves no memory of the GPU in use"));
	is(migrate(a.mem, size, 0), 0, name(&a, "the next copy succeeds"));
	fail_copies(0, 1);
	status = in_child(read_first, a.mem);
	is(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGBUS,
	   name(&a, "a CPU fault gets SIGBUS if the copy fails"));
	is(wrong(a.mem, size, 17), 0, name(&a, "the next read finds the data"));
	is(migrate(a.mem, size, 0), 0, name(&a, "the range migrates after a failed copy"));
	/* drm_pagemap_evict_to_ram() tries three times */
	fail_copies(0, 1);
	is(evict(0), 0, name(&a, "an eviction tries again if a copy fails"));
	is(wrong(a.mem, size, 17), 0, name(&a, "the CPU finds its data after the eviction"));
	is(migrate(a.mem, size, 0), 0, name(&a, "the range migrates to a GPU again"));
	fail_copies(0, 1);
	is(migrate(a.mem, size, 1), -EIO, name(&a, "a copy between GPUs that fails returns -EIO"));
	is(counts(0).pages, a.pages, name(&a, "the pages stay on the first GPU"));
	is(counts(1).pages, 0, name(&a, "the second GPU has no page"));
	is(wrong(a.mem, size, 17), 0, name(&a, "the CPU finds its data after that"));
	end_area(&a);
}

static void migrate_again(void *arg)
{
	must(!migrate(arg, page_size, 0), "GPUSIM_MIGRATE");
}

static void test_no_memory(void)
{
	struct area a = new_area(64 << 10, false);

	fill(a.mem, a.size, 18);
	test_failing_reads("a read of a GPU's page succeeds although an allocation fails",
			   (uint64_t *)a.mem, word(0, 18), migrate_again, a.mem);
	end_area(&a);
}

/* Every allocation of a huge page fails from here on, or none */
static void fail_huge_pages(bool fail)
{
	const char *dir = "/sys/kernel/debug/fail_page_alloc/";
	static const char * const settings[][2] = {
		{ "ignore-gfp-highmem", "N" }, { "ignore-gfp-wait", "N" },
		{ "min-order", "9" }, { "verbose", "0" }, { "times", "-1" },
	};
	char path[100];
	unsigned int i;

	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, settings[i][0]);
		write_file(path, settings[i][1]);
	}
	snprintf(path, sizeof(path), "%sprobability", dir);
	write_file(path, fail ? "100" : "0");
}

static void test_no_huge_pages(void)
{
	struct area a = new_area(2 * MIB, true);

	fill(a.mem, a.size, 19);
	is(migrate(a.mem, a.size, 0), 0, "a huge page migrates");
	fail_huge_pages(true);
	is(wrong(a.mem, a.size, 19), 0, "a CPU fault takes small pages if there is no huge page");
	fail_huge_pages(false);
	is(huge_size(a.mem), 0, "the memory is in small pages after the fault");
	is(on_device(a.mem, 0, a.pages), 0, "a CPU fault leaves no part of the huge page on the GPU");
	is(counts(0).pages + counts(0).buffers, 0, "the huge page's memory of the GPU is free");
	end_area(&a);

	a = new_area(2 * MIB, true);
	fill(a.mem, a.size, 20);
	is(migrate(a.mem, a.size, 0), 0, "another huge page migrates");
	fail_huge_pages(true);
	is(evict(0), 0, "an eviction takes small pages if there is no huge page");
	fail_huge_pages(false);
	is(on_device(a.mem, 0, a.pages), 0, "the eviction leaves no part of the huge page on the GPU");
	is(wrong(a.mem, a.size, 20), 0, "the CPU finds the data of the huge page");
	is(counts(0).pages + counts(0).buffers, 0, "the GPU's memory is free after the eviction");
	end_area(&a);
}

static unsigned int elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

/* A lower bound, which holds on a busy machine, too */
static void test_timeslice(void)
{
	struct area a = new_area(64 << 10, false);
	struct timespec start;

	fill(a.mem, a.size, 21);
	clock_gettime(CLOCK_MONOTONIC, &start);
	is(migrate_with(a.mem, a.size, 0, 0, 500), 0, "a range migrates with a timeslice");
	is(wrong(a.mem, a.size, 21), 0, "the CPU finds its data after the timeslice");
	is(elapsed_ms(&start) >= 490, 1, "a CPU fault waits for the end of the timeslice");
	end_area(&a);
}

/* The shrinker frees the pagemap of a GPU that has no memory in use */
static void test_shrinker(void)
{
	struct area a = new_area(64 << 10, false);
	unsigned long created;
	unsigned int tries;

	fill(a.mem, a.size, 22);
	is(migrate(a.mem, a.size, 0), 0, "a range migrates to a GPU with a pagemap");
	created = counts(0).created;
	write_file("/proc/sys/vm/drop_caches", "2");
	is(counts(0).pagemaps, 1, "the shrinker keeps a pagemap in use");
	is(wrong(a.mem, a.size, 22), 0, "the CPU finds its data after the shrinker has run");
	is(migrate(a.mem, a.size, 0), 0, "a range migrates to a GPU with an unused pagemap");
	is(counts(0).created - created, 0, "the cache keeps an unused pagemap");
	is(wrong(a.mem, a.size, 22), 0, "the CPU finds its data after the pagemap was used again");
	for (tries = 0; tries < 1000 && counts(0).pagemaps; tries++) {
		write_file("/proc/sys/vm/drop_caches", "2");
		usleep(10000);
	}
	is(counts(0).pagemaps, 0, "the shrinker frees an unused pagemap");
	is(migrate(a.mem, a.size, 0), 0, "a range migrates to a GPU without a pagemap");
	is(counts(0).created - created, 1, "the GPU gets a new pagemap");
	is(wrong(a.mem, a.size, 22), 0, "the CPU finds its data after the new pagemap");
	end_area(&a);
}

/* The GPUs take turns, and a fault may migrate */
static long race_access(char *mem, void *buffer, int write, uint64_t round)
{
	return gpu_access(mem, 8, buffer, (round & 1) ^ !write, write,
			  write ? !!(round & 2) : !!(round & 4));
}

static void *migrates(void *arg)
{
	unsigned int x = 12345;
	struct racer *r = arg;
	size_t step;

	for (; racing(r); x = x * 1664525 + 1013904223) {
		step = x & 1u << 20 ? 2 * MIB : 64 << 10;
		r->n += !migrate_with(r->area->mem + (x >> 8) % (RACE / step) * step, step,
				      x >> 31, x >> 30 & 1, 0);
	}
	return NULL;
}

static void *evicts(void *arg)
{
	struct racer *r = arg;

	for (; racing(r); usleep(20000))
		r->n += !evict(r->n & 1);
	return NULL;
}

static void test_race(unsigned int seconds, bool huge)
{
	struct area a = new_area(RACE, huge);
	struct racer r[] = {
		{ .func = cpu_writes }, { .func = cpu_writes }, { .func = gpu_writes },
		{ .func = migrates }, { .func = evicts },
	};

	race(r, sizeof(r) / sizeof(*r), &a, seconds);
	printf("# %lu words by CPUs, %lu by GPUs, %lu migrations, %lu evictions\n",
	       r[0].n + r[1].n, r[2].n, r[3].n, r[4].n);
	is(r[0].n && r[1].n && r[2].n && r[3].n && r[4].n, 1,
	   name(&a, "CPUs, GPUs, migrations and evictions race"));
	is(r[0].lost + r[1].lost, 0, name(&a, "no write of a CPU is lost"));
	is(r[2].lost, 0, name(&a, "no write of a GPU is lost"));
	is(gpu_access(a.mem, RACE, a.copy, 0, READ, WHERE_IT_IS), 0,
	   name(&a, "a GPU reads all memory after the race"));
	is(memcmp(a.mem, a.copy, RACE) != 0, 0,
	   name(&a, "the CPU finds what the GPU finds after the race"));
	end_area(&a);
	is(counts(0).pages + counts(0).buffers + counts(1).pages + counts(1).buffers, 0,
	   name(&a, "no GPU has memory in use after the race"));
}

static void test_unload(void)
{
	struct area a = new_area(4 * MIB, true);

	fill(a.mem, a.size, 23);
	is(migrate(a.mem, a.size, 0), 0, "pages migrate before the module is unloaded");
	close(gpus);
	is(system("rmmod gpusim"), 0, "the module can be unloaded with pages on a GPU");
	is(on_device(a.mem, 0, a.pages), 0, "no page is on a GPU after the unload");
	is(wrong(a.mem, a.size, 23), 0, "all pages have their data after the unload");
	is(system("rmmod drm_gpusvm_helper"), 0, "drm_gpusvm_helper can be unloaded");
	end_area(&a);
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
	unsigned int i;

	page_size = sysconf(_SC_PAGESIZE);
	gpus = open("/dev/gpusim", O_RDWR);
	must(gpus >= 0, "/dev/gpusim");
	for (i = 0; i < sizeof(areas) / sizeof(*areas); i++) {
		test_there_and_back(areas[i].size, areas[i].huge);
		test_eviction(areas[i].size, areas[i].huge);
		test_peers(areas[i].size, areas[i].huge);
		test_failing_copies(areas[i].size, areas[i].huge);
		test_fork(areas[i].size, areas[i].huge, WHERE_IT_IS);
		test_fork(areas[i].size, areas[i].huge, MIGRATES);
	}
	test_mixed();
	test_gpu_faults();
	test_part();
	test_holes();
	test_monitored();
	test_guard();
	test_shared();
	test_pinned();
	test_swapped();
	test_protection();
	test_mremap();
	test_no_memory();
	test_no_huge_pages();
	test_timeslice();
	test_shrinker();
	test_race(seconds, false);
	test_race(seconds, true);
	test_unload();
	printf("1..%u\n", tests);
	return failed != 0;
}
