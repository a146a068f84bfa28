// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests nouveau's SVM on the GPU of device.c. Prints TAP.
 *
 * usage: nvtest [seconds of each race]
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include "memory.h"
#include "nvsim.h"

/* The file of this process on the GPU */
static int gpu;

/* Asks nouveau to migrate the range to VRAM */
static long bind_vram(const char *mem, size_t size)
{
	struct nvsim_range range = { (uintptr_t)mem, (uintptr_t)mem + size };

	return ioctl(gpu, NVSIM_BIND, &range) ? -errno : 0;
}

enum { MAPPED_ONLY, WITH_FAULTS };

/* Pages of the last access whose data was in VRAM */
static unsigned long in_vram;

static long gpu_access(const char *mem, size_t size, void *buffer, int write,
		       int fault)
{
	struct nvsim_access a = {
		.start = (uintptr_t)mem,
		.size = size,
		.buffer = (uintptr_t)buffer,
		.write = write,
		.fault = fault,
	};
	long ret = ioctl(gpu, NVSIM_ACCESS, &a) ? -errno : 0;

	in_vram = a.vram;
	return ret;
}

static struct nvsim_counts counts(void)
{
	struct nvsim_counts c;

	must(!ioctl(gpu, NVSIM_COUNTS, &c), "NVSIM_COUNTS");
	return c;
}

static void set_mode(unsigned int fail_copy, bool late)
{
	struct nvsim_mode mode = { .fail_copy = fail_copy, .late = late };

	must(!ioctl(gpu, NVSIM_MODE, &mode), "NVSIM_MODE");
}

/* Whether the tests run with late fences */
static bool late;

/*
 * Linux 5.10: a migration leaves the mappings of pages that stay, and the module
 * cannot go while a page is in VRAM
 */
static bool old;

/* Bad calls of PFNMAP that modules unloaded since have counted */
static unsigned long refused;

/* The name of a test in the two modes of fences and the two kinds of pages */
static const char *name(const char *text, bool huge)
{
	static char full[200];

	snprintf(full, sizeof(full), "%s (%s pages, %s fences)", text,
		 huge ? "huge" : "small", late ? "late" : "early");
	return full;
}

static void test_there_and_back(size_t size, bool huge)
{
	struct area a = new_area(size, huge);
	struct nvsim_counts before;

	fill(a.mem, size, 1);
	is(bind_vram(a.mem, size), 0, name("nouveau migrates a range to VRAM", huge));
	is(on_device(a.mem, 0, a.pages), a.pages, name("all pages are on the device", huge));
	is(counts().mapped, 0, name("the GPU maps no page before its fault", huge));
	is(gpu_access(a.mem, size, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU reads the range", huge));
	is(in_vram, a.pages, name("the GPU reads from VRAM", huge));
	is(wrong(a.copy, size, 1), 0, name("the GPU finds the CPU's data", huge));
	fill(a.copy, size, 2);
	is(gpu_access(a.mem, size, a.copy, WRITE, WITH_FAULTS), 0,
	   name("the GPU writes to the range", huge));
	is(on_device(a.mem, 0, a.pages), a.pages, name("GPU writes leave the range in VRAM", huge));
	is(wrong(a.mem, size, 2), 0, name("the CPU finds the GPU's data", huge));
	is(on_device(a.mem, 0, a.pages), 0, name("CPU reads bring all pages back", huge));
	before = counts();
	is(before.mapped, 0, name("the GPU maps no page that came back", huge));

	is(gpu_access(a.mem, size, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU reads system memory", huge));
	is(counts().faults > before.faults, 1, name("GPU faults map system memory", huge));
	is(in_vram, 0, name("system memory is not in VRAM", huge));
	is(wrong(a.copy, size, 2), 0, name("the GPU finds the data in system memory", huge));
	fill(a.copy, size, 3);
	is(gpu_access(a.mem, size, a.copy, WRITE, WITH_FAULTS), 0,
	   name("the GPU writes to system memory", huge));
	is(bind_vram(a.mem, size), 0, name("the range migrates to VRAM again", huge));
	is(on_device(a.mem, 0, a.pages), a.pages, name("all pages are on the device again", huge));
	is(counts().mapped, 0, name("the GPU maps no page that has migrated", huge));
	is(gpu_access(a.mem, size, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU reads the range again", huge));
	is(wrong(a.copy, size, 3), 0, name("the GPU finds its own data in VRAM", huge));

	before = counts();
	is(bind_vram(a.mem, size), 0, name("nouveau migrates a range that is in VRAM", huge));
	is(counts().cleared - before.cleared, 0,
	   name("a migration of a range in VRAM removes no mapping", huge));
	is(counts().copies - before.copies, 0, name("a migration of a range in VRAM copies nothing", huge));
	munmap(a.mem, size);
	is(counts().mapped, 0, name("the GPU maps nothing after munmap()", huge));
	end_area(&a);
}

/* A huge page loses a part, and comes back page by page, from the end */
static void test_part(void)
{
	struct area a = new_area(2 * MIB, true);
	const size_t part = 64 << 10;
	char *gone = a.mem + MIB;
	long bad = 0, i;

	fill(a.mem, a.size, 11);
	is(bind_vram(a.mem, a.size), 0, name("nouveau migrates a page that will lose a part", true));
	is(gpu_access(a.mem, a.size, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU maps a page that will lose a part", true));
	must(!madvise(gone, part, MADV_DONTNEED), "MADV_DONTNEED");
	is(gpu_access(gone, part, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU reads the part that is gone", true));
	is(wrong(a.copy, part, 0), 0, name("the GPU finds zeros in the part that is gone", true));
	is(gpu_access(a.mem, MIB, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU reads what is left of the page", true));
	is(wrong(a.copy, MIB, 11), 0, name("the GPU finds the data in what is left", true));
	for (i = a.pages - 1; i >= 0; i--) {
		const size_t at = i * page_size;

		bad += *(volatile uint64_t *)(a.mem + at) !=
		       (at < MIB || at >= MIB + part ? word(at, 11) : 0);
	}
	is(bad, 0, name("the CPU finds the data in what is left, from the end", true));
	is(wrong(a.mem, MIB, 11), 0, name("the CPU finds all data in what is left", true));
	end_area(&a);
}

/* A page that cannot migrate keeps its mapping of the GPU, and its DMA address */
static void test_pinned(void)
{
	struct area a = new_area(MIB, false);
	char *pinned = a.mem + 8 * page_size;
	struct iovec iov = { .iov_base = pinned, .iov_len = page_size };
	struct nvsim_counts before;
	int fds[2];

	fill(a.mem, a.size, 4);
	is(gpu_access(a.mem, a.size, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU maps system memory", false));
	must(!pipe(fds), "pipe");
	must(vmsplice(fds[1], &iov, 1, 0) == (ssize_t)page_size, "vmsplice");
	before = counts();
	is(bind_vram(a.mem, a.size), 0, name("nouveau migrates a range with a pinned page", false));
	is(on_device(a.mem, 0, a.pages), a.pages - 1, name("all pages but the pinned one migrate", false));
	is(counts().cleared - before.cleared, a.pages - old,
	   name("the migration removes the mappings, on 5.10 of the other pages alone", false));
	is(gpu_access(pinned, page_size, a.copy, READ, old ? MAPPED_ONLY : WITH_FAULTS), 0,
	   name("the GPU reads the pinned page, on 5.10 without a fault", false));
	is(wrong(a.mem, a.size, 4), 0, name("the CPU finds its data beside the pin", false));
	close(fds[0]);
	close(fds[1]);
	end_area(&a);
}

static void test_holes(void)
{
	struct area a = new_area(MIB, false);
	struct nvsim_counts before = counts();

	is(bind_vram(a.mem, a.size), 0, name("nouveau migrates holes", false));
	is(on_device(a.mem, 0, a.pages), a.pages, name("holes become pages in VRAM", false));
	is(counts().clears - before.clears, a.pages, name("the GPU clears a page for each hole", false));
	is(gpu_access(a.mem, a.size, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU reads former holes", false));
	is(wrong(a.copy, a.size, 0), 0, name("the GPU finds zeros in former holes", false));
	is(wrong(a.mem, a.size, 0), 0, name("the CPU finds zeros in former holes", false));

	must(!madvise(a.mem, a.size, MADV_DONTNEED), "MADV_DONTNEED");
	is(*(volatile uint64_t *)a.mem, 0, name("the CPU reads the zero page", false));
	is(bind_vram(a.mem, a.size), 0, name("nouveau migrates a zero page", false));
	is(on_device(a.mem, 0, 1), 1, name("the zero page becomes a page in VRAM", false));
	end_area(&a);
}

static void test_protection(void)
{
	struct area a = new_area(MIB, false);
	struct nvsim_counts before;

	fill(a.mem, a.size, 5);
	must(!mprotect(a.mem, a.size, PROT_READ), "mprotect");
	is(bind_vram(a.mem, a.size), 0, name("nouveau migrates read-only memory", false));
	is(gpu_access(a.mem, a.size, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU reads read-only memory", false));
	is(wrong(a.copy, a.size, 5), 0, name("the GPU finds the data of read-only memory", false));
	before = counts();
	is(gpu_access(a.mem, page_size, a.copy, WRITE, WITH_FAULTS), -EFAULT,
	   name("the GPU cannot write to read-only memory", false));
	is(counts().cancels - before.cancels, 1, name("nouveau cancels the GPU's write", false));
	is(wrong(a.mem, a.size, 5), 0, name("read-only memory keeps its data", false));
	must(!munmap(a.mem, a.size), "munmap");
	is(gpu_access(a.mem, page_size, a.copy, READ, WITH_FAULTS), -EFAULT,
	   name("the GPU cannot read unmapped memory", false));
	end_area(&a);
}

static int read_both(void *arg)
{
	struct area *a = arg;

	/* The child reads memory that its parent has in VRAM */
	return wrong(a->mem, a->size, 6) != 0;
}

/* A second process of the GPU, with its own memory at the same addresses */
static int own_memory(void *arg)
{
	struct area *a = arg;
	unsigned int round;
	long bad = 0;

	gpu = open("/dev/nvsim", O_RDWR);
	if (gpu < 0)
		return 2;
	for (round = 0; round < 20 && !bad; round++) {
		fill(a->mem, a->size, 7 + round);
		bad += bind_vram(a->mem, a->size) != 0;
		bad += gpu_access(a->mem, a->size, a->copy, READ, WITH_FAULTS) != 0;
		bad += wrong(a->copy, a->size, 7 + round);
		bad += wrong(a->mem, a->size, 7 + round);
	}
	return bad != 0;
}

static void test_processes(void)
{
	struct area a = new_area(MIB, false);
	unsigned int round;
	int status;
	pid_t pid;
	long bad = 0;

	fill(a.mem, a.size, 6);
	is(bind_vram(a.mem, a.size), 0, name("nouveau migrates memory before a fork", false));
	is(in_child(read_both, &a), 0, name("a child finds the data that its parent has in VRAM", false));
	is(wrong(a.mem, a.size, 6), 0, name("the parent finds the data after the child", false));

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(own_memory(&a));
	must(pid > 0, "fork");
	for (round = 0; round < 20; round++) {
		fill(a.mem, a.size, 100 + round);
		bad += bind_vram(a.mem, a.size) != 0;
		bad += gpu_access(a.mem, a.size, a.copy, READ, WITH_FAULTS) != 0;
		bad += wrong(a.copy, a.size, 100 + round);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	is(bad, 0, name("the GPU finds the data of this process while another one migrates", false));
	is(status, 0, name("the GPU finds the data of the other process", false));
	end_area(&a);
}

static void test_fork(void)
{
	struct area a = new_area(MIB, false);
	struct waiting_child c = { .area = &a, .salt = 60 };

	fill(a.mem, a.size, 60);
	is(bind_vram(a.mem, a.size), 0, name("nouveau migrates memory of a process that forks", false));
	start_child(&c);
	fill(a.copy, a.size, 61);
	is(gpu_access(a.mem, a.size, a.copy, WRITE, WITH_FAULTS), 0,
	   name("the GPU writes to pages in VRAM that a child has, too", false));
	is(wrong(a.mem, a.size, 61), 0, name("the parent finds the GPU's data", false));
	is(child_finds(&c), 1, name("the child finds the data from before the fork", false));
	must(wait(NULL) > 0, "wait");
	end_area(&a);
}

/* The memory stays in VRAM when the process has closed the GPU's file */
static int migrate_and_close(void *arg)
{
	struct area *a = arg;

	gpu = open("/dev/nvsim", O_RDWR);
	if (gpu < 0)
		return 2;
	fill(a->mem, a->size, 62);
	if (bind_vram(a->mem, a->size))
		return 3;
	close(gpu);
	return on_device(a->mem, 0, a->pages) != a->pages || wrong(a->mem, a->size, 62);
}

static void test_closed(void)
{
	struct area a = new_area(MIB, false);

	is(in_child(migrate_and_close, &a), 0,
	   name("a process finds its data in VRAM after it has closed the GPU's file", false));
	end_area(&a);
}

/*
 * rmmod with pages in VRAM. @fail: the copy that fails, or 0. The GPU's file has
 * to be closed.
 */
static void test_eviction(bool huge, unsigned int fail)
{
	struct area a = new_area(4 * MIB, huge);
	const long words = huge ? 2 * MIB / 8 : page_size / 8;
	long zero = 0;
	size_t at;

	fill(a.mem, a.size, 63);
	is(bind_vram(a.mem, a.size), 0, name("nouveau migrates pages that will be evicted", huge));
	is(gpu_access(a.mem, a.size, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU maps pages that will be evicted", huge));
	refused += counts().refused;
	set_mode(fail, late);
	close(gpu);
	is(system("rmmod nvsim"), 0, name("the module can be unloaded with pages in VRAM", huge));
	is(on_device(a.mem, 0, a.pages), 0, name("no page is on the device after the unload", huge));
	for (at = 0; at < a.size; at += 8)
		zero += !*(volatile uint64_t *)(a.mem + at);
	is(zero, fail ? words : 0,
	   name(fail ? "only the page whose copy fails has zeros" : "no page has zeros", huge));
	is(wrong(a.mem, a.size, 63), fail ? words : 0,
	   name(fail ? "the other pages have their data after the unload" :
		       "all pages have their data after the unload", huge));
	end_area(&a);
	is(system("insmod /bin/nvsim.ko"), 0, name("the module can be loaded again", huge));
	gpu = open("/dev/nvsim", O_RDWR);
	must(gpu >= 0, "/dev/nvsim");
	set_mode(0, late);
}

static int read_first(void *arg)
{
	return *(volatile uint64_t *)arg != word(0, 8);
}

static void test_failing_copies(void)
{
	struct area a = new_area(MIB, false);
	int status;

	fill(a.mem, a.size, 8);
	set_mode(5, late);
	is(bind_vram(a.mem, a.size), 0, name("nouveau migrates a range although a copy fails", false));
	is(on_device(a.mem, 0, a.pages), a.pages - 1, name("the page whose copy fails stays", false));
	is(wrong(a.mem, a.size, 8), 0, name("the CPU finds its data after a failed copy", false));

	must(!bind_vram(a.mem, a.size), "NVSIM_BIND");
	set_mode(1, late);
	status = in_child(read_first, a.mem);
	is(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGBUS,
	   name("a CPU fault gets SIGBUS if the copy fails", false));
	is(wrong(a.mem, a.size, 8), 0, name("the next read finds the data", false));
	end_area(&a);
}

static void bind_again(void *arg)
{
	must(!bind_vram(arg, page_size), "NVSIM_BIND");
}

static void test_no_memory(void)
{
	struct area a = new_area(MIB, false);

	fill(a.mem, a.size, 9);
	test_failing_reads(name("a read of a page in VRAM succeeds although an allocation fails", false),
			   (uint64_t *)a.mem, word(0, 9), bind_again, a.mem);
	end_area(&a);
}

static long race_access(char *mem, void *buffer, int write, uint64_t round)
{
	(void)round;
	return gpu_access(mem, 8, buffer, write, WITH_FAULTS);
}

static void *migrates(void *arg)
{
	struct racer *r = arg;
	const size_t step = r->area->huge ? 2 * MIB : 64 << 10;
	unsigned int x = 12345;

	for (; racing(r); x = x * 1664525 + 1013904223)
		r->n += !bind_vram(r->area->mem + (x >> 8) % (RACE / step) * step, step);
	return NULL;
}

static void test_race(unsigned int seconds, bool huge)
{
	struct area a = new_area(RACE, huge);
	struct racer r[] = {
		{ .func = cpu_writes }, { .func = cpu_writes },
		{ .func = gpu_writes }, { .func = migrates },
	};

	race(r, sizeof(r) / sizeof(*r), &a, seconds);
	printf("# %lu words by CPUs, %lu by the GPU, %lu migrations\n",
	       r[0].n + r[1].n, r[2].n, r[3].n);
	is(r[0].n && r[1].n && r[2].n && r[3].n, 1, name("CPUs, GPU and migrations race", huge));
	is(r[0].lost + r[1].lost, 0, name("no write of a CPU is lost", huge));
	is(r[2].lost, 0, name("no write of the GPU is lost", huge));
	is(gpu_access(a.mem, RACE, a.copy, READ, WITH_FAULTS), 0,
	   name("the GPU reads all memory after the race", huge));
	is(memcmp(a.mem, a.copy, RACE) != 0, 0,
	   name("the CPU finds what the GPU finds after the race", huge));
	end_area(&a);
}

int main(int argc, char **argv)
{
	const unsigned int seconds = argc > 1 ? atoi(argv[1]) : 3;
	struct utsname kernel;
	unsigned int i;

	must(!uname(&kernel), "uname");
	old = atoi(kernel.release) < 6;

	page_size = sysconf(_SC_PAGESIZE);
	gpu = open("/dev/nvsim", O_RDWR);
	must(gpu >= 0, "/dev/nvsim");
	for (i = 0; i < 2; i++) {
		late = i;
		set_mode(0, late);
		test_there_and_back(64 << 10, false);
		test_there_and_back(4 * MIB, true);
		test_part();
		test_pinned();
		test_holes();
		test_protection();
		test_processes();
		test_fork();
		test_closed();
		test_failing_copies();
		test_no_memory();
		test_race(seconds, false);
		test_race(seconds, true);
		if (old)
			continue;
		test_eviction(false, 0);
		test_eviction(true, 0);
		test_eviction(false, 7);
		test_eviction(true, 1);
	}
	is(refused + counts().refused, 0, "nouveau made no bad call of PFNMAP");
	close(gpu);
	is(system("rmmod nvsim"), 0, "the module can be unloaded");
	printf("1..%u\n", tests);
	return failed != 0;
}
