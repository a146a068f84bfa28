// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests KVM's secure pages on POWER with the ultravisor of uvsim.c. The memory
 * of each VM is memory of this process. Prints TAP.
 *
 * usage: uvtest [seconds of the race]
 */
#define _GNU_SOURCE
#include <linux/kvm.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include "standin.h"
#include "uvsim.h"

#ifndef KVM_CAP_PPC_SECURE_GUEST
#define KVM_CAP_PPC_SECURE_GUEST	181
#endif
#ifndef KVM_PPC_SVM_OFF
#define KVM_PPC_SVM_OFF			_IO(KVMIO, 0xb3)
#endif

/* From arch/powerpc/include/asm, which userspace does not have */
#define H_SUCCESS		0
#define H_PARAMETER		(-4)
#define H_AUTHORITY		(-10)
#define H_UNSUPPORTED		(-67)
#define H_PAGE_IN_SHARED	1
#define H_SVM_PAGE_IN		0xef00
#define H_SVM_PAGE_OUT		0xef04
#define H_SVM_INIT_START	0xef08
#define UV_PAGE_IN		0xf128
#define UV_PAGE_OUT		0xf12c
#define U_PARAMETER		(-4)
#define MSR_S			(1ul << 22)
#define MSR_SF_ME_LE		((1ul << 63) | (1ul << 12) | 1)

#define PAGES	64

struct vm {
	int	fd;
	int	uv;
	char	*mem;		/* 2 * PAGES pages */
};

static uint64_t word(unsigned int i, unsigned int salt, size_t at)
{
	return (uint64_t)salt << 48 | (uint64_t)i << 32 | at;
}

static void fill(char *mem, unsigned int first, unsigned int last,
		 unsigned int salt)
{
	unsigned int i;
	size_t at;

	for (i = first; i < last; i++)
		for (at = 0; at < page_size; at += 8)
			*(uint64_t *)(mem + i * page_size + at) = word(i, salt, at);
}

/* Whether a page differs from what fill() has written; salt 0: from zero */
static bool page_wrong(const char *page, unsigned int i, unsigned int salt)
{
	size_t at;

	for (at = 0; at < page_size; at += 8)
		if (*(volatile const uint64_t *)(page + at) !=
		    (salt ? word(i, salt, at) : 0))
			return true;
	return false;
}

/* How many pages differ */
static long wrong(const char *mem, unsigned int first, unsigned int last,
		  unsigned int salt)
{
	unsigned int i;
	long n = 0;

	for (i = first; i < last; i++)
		n += page_wrong(mem + i * page_size, i, salt);
	return n;
}

static long hcall(struct vm *vm, enum uvsim_op op, unsigned int i, long flags)
{
	struct uvsim_hcall call = {
		.op = op, .gpa = i * page_size, .flags = flags,
	};

	must(!ioctl(vm->uv, UVSIM_HCALL, &call), "UVSIM_HCALL");
	return call.ret;
}

/* How many of the pages the hypercall succeeds for */
static long hcalls(struct vm *vm, enum uvsim_op op, unsigned int first,
		   unsigned int last)
{
	unsigned int i;
	long n = 0;

	for (i = first; i < last; i++)
		n += hcall(vm, op, i, 0) == H_SUCCESS;
	return n;
}

static struct uvsim_counts counts(struct vm *vm)
{
	struct uvsim_counts c;

	must(!ioctl(vm->uv, UVSIM_COUNTS, &c), "UVSIM_COUNTS");
	return c;
}

static void fail_ultracall(struct vm *vm, unsigned int opcode, unsigned int nth)
{
	struct uvsim_fail fail = {
		.opcode = opcode, .nth = nth, .ret = U_PARAMETER,
	};

	must(!ioctl(vm->uv, UVSIM_FAIL, &fail), "UVSIM_FAIL");
}

/* How many pages are missing in secure memory, or differ there */
static long secure_wrong(struct vm *vm, unsigned int first, unsigned int last,
			 unsigned int salt)
{
	char *copy = malloc(page_size);
	unsigned int i;
	long n = 0;

	must(copy, "malloc");
	for (i = first; i < last; i++) {
		struct uvsim_peek peek = { i * page_size, (uintptr_t)copy };

		n += ioctl(vm->uv, UVSIM_PEEK, &peek) ||
		     page_wrong(copy, i, salt);
	}
	free(copy);
	return n;
}

static int set_slot(struct vm *vm, unsigned int slot, unsigned int pages,
		    char *mem, unsigned int first)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = first * page_size,
		.memory_size = pages * page_size,
		.userspace_addr = (uintptr_t)mem,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) ? -errno : 0;
}

/* A VM that may become secure, without a slot */
static struct vm new_vm(bool secure)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_PPC_SECURE_GUEST, .args = { 1 },
	};
	int kvm = open("/dev/kvm", O_RDWR);
	struct vm vm;

	must(kvm >= 0, "/dev/kvm");
	vm.fd = ioctl(kvm, KVM_CREATE_VM, 0);
	must(vm.fd >= 0, "KVM_CREATE_VM");
	close(kvm);
	vm.uv = open("/dev/uvsim", O_RDWR);
	must(vm.uv >= 0, "/dev/uvsim");
	must(!ioctl(vm.uv, UVSIM_BIND, &vm.fd), "UVSIM_BIND");
	must(!secure || !ioctl(vm.fd, KVM_ENABLE_CAP, &cap),
	     "KVM_CAP_PPC_SECURE_GUEST");
	vm.mem = mmap(NULL, 2 * PAGES * page_size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(vm.mem != MAP_FAILED, "mmap");
	return vm;
}

/* A VM with one slot, all of whose pages have content, in H_SVM_INIT_START */
static struct vm starting_vm(unsigned int salt)
{
	struct vm vm = new_vm(true);

	if (salt)
		fill(vm.mem, 0, PAGES, salt);
	must(!set_slot(&vm, 0, PAGES, vm.mem, 0), "KVM_SET_USER_MEMORY_REGION");
	must(hcall(&vm, UVSIM_INIT_START, 0, 0) == H_SUCCESS, "H_SVM_INIT_START");
	return vm;
}

static void end_vm(struct vm *vm)
{
	munmap(vm->mem, 2 * PAGES * page_size);
	close(vm->fd);
	close(vm->uv);
}

static void test_refused(void)
{
	struct vm vm = new_vm(false);
	int other = open("/dev/null", O_RDONLY);

	is(ioctl(vm.uv, UVSIM_BIND, &other) ? errno : 0, EINVAL,
	   "the stand-in refuses a file that is no VM");
	is(ioctl(vm.uv, UVSIM_BIND, &vm.fd) ? errno : 0, EBUSY,
	   "the stand-in refuses a second VM");
	close(other);
	is(hcall(&vm, UVSIM_PAGE_IN, 0, 0), H_UNSUPPORTED,
	   "H_SVM_PAGE_IN before H_SVM_INIT_START returns H_UNSUPPORTED");
	must(!set_slot(&vm, 0, PAGES, vm.mem, 0), "KVM_SET_USER_MEMORY_REGION");
	is(hcall(&vm, UVSIM_INIT_START, 0, 0), H_AUTHORITY,
	   "H_SVM_INIT_START without the capability returns H_AUTHORITY");
	end_vm(&vm);
}

static void test_in_and_out(void)
{
	struct uvsim_counts before, after;
	struct vm vm = new_vm(true);

	fill(vm.mem, 0, PAGES, 1);
	is(set_slot(&vm, 0, PAGES, vm.mem, 0), 0, "KVM accepts a slot");
	before = counts(&vm);
	is(hcall(&vm, UVSIM_INIT_START, 0, 0), H_SUCCESS, "H_SVM_INIT_START succeeds");
	is(counts(&vm).register_slot - before.register_slot, 1,
	   "H_SVM_INIT_START registers the slot");

	is(hcalls(&vm, UVSIM_PAGE_IN, 0, PAGES / 2), PAGES / 2,
	   "H_SVM_PAGE_IN takes half of the pages");
	is(on_device(vm.mem, 0, PAGES), PAGES / 2,
	   "half of the pages are not present in the process");
	is(secure_wrong(&vm, 0, PAGES / 2, 1), 0,
	   "secure memory has the content of these pages");
	is(wrong(vm.mem, PAGES / 2, PAGES, 1), 0,
	   "the other pages keep their content");
	is(hcall(&vm, UVSIM_PAGE_IN, 0, 0), H_PARAMETER,
	   "H_SVM_PAGE_IN of a secure page returns H_PARAMETER");
	is(hcall(&vm, UVSIM_PAGE_IN, PAGES, 0), H_PARAMETER,
	   "H_SVM_PAGE_IN outside of the slots returns H_PARAMETER");

	is(hcalls(&vm, UVSIM_PAGE_OUT, 0, PAGES / 4), PAGES / 4,
	   "H_SVM_PAGE_OUT returns a quarter of the pages");
	is(on_device(vm.mem, 0, PAGES), PAGES / 4, "a quarter of the pages is secure");
	is(wrong(vm.mem, 0, PAGES / 4, 1), 0,
	   "pages that H_SVM_PAGE_OUT returns have their content");
	before = counts(&vm);
	is(wrong(vm.mem, PAGES / 4, PAGES / 2, 1), 0,
	   "reads of secure pages find their content");
	after = counts(&vm);
	is(after.page_out - before.page_out, PAGES / 4,
	   "each secure page that is read takes one UV_PAGE_OUT");
	is(after.secure, 0, "no page is in secure memory after these reads");
	is(after.device, 0, "no device page is in use after these reads");

	fill(vm.mem, 0, PAGES, 2);
	is(hcalls(&vm, UVSIM_PAGE_IN, 0, PAGES), PAGES,
	   "H_SVM_PAGE_IN takes pages that have been secure before");
	is(secure_wrong(&vm, 0, PAGES, 2), 0,
	   "secure memory has the content that was written last");
	fill(vm.mem, 0, PAGES / 2, 3);
	is(wrong(vm.mem, 0, PAGES / 2, 3) + wrong(vm.mem, PAGES / 2, PAGES, 2), 0,
	   "writes to secure pages reach these pages alone");
	end_vm(&vm);
}

static void test_unmapped(void)
{
	struct vm vm = starting_vm(4);
	char *map;

	is(hcalls(&vm, UVSIM_PAGE_IN, 0, PAGES), PAGES, "all pages become secure");
	is(munmap(vm.mem, PAGES * page_size), 0, "the process unmaps secure pages");
	is(counts(&vm).device, 0, "no device page is in use after munmap()");
	map = mmap(vm.mem, PAGES * page_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	must(map == vm.mem, "mmap");
	fill(vm.mem, 0, PAGES, 5);
	is(hcalls(&vm, UVSIM_PAGE_IN, 0, PAGES), PAGES,
	   "H_SVM_PAGE_IN takes pages that replace unmapped secure pages");
	is(secure_wrong(&vm, 0, PAGES, 5), 0,
	   "secure memory has the content of the new pages");
	end_vm(&vm);
}

static void test_huge(void)
{
	const size_t huge = 2ul << 20;
	struct vm vm = new_vm(true);
	char *map = mmap(NULL, 3 * huge, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *mem;
	const unsigned int pages = huge / page_size;

	must(map != MAP_FAILED, "mmap");
	mem = (char *)(((uintptr_t)map + huge - 1) & -huge);
	must(!madvise(mem, huge, MADV_HUGEPAGE), "MADV_HUGEPAGE");
	fill(mem, 0, pages, 6);
	must(!set_slot(&vm, 0, pages, mem, 0), "KVM_SET_USER_MEMORY_REGION");
	must(hcall(&vm, UVSIM_INIT_START, 0, 0) == H_SUCCESS, "H_SVM_INIT_START");
	is(hcall(&vm, UVSIM_PAGE_IN, 3, 0), H_SUCCESS,
	   "H_SVM_PAGE_IN takes a page of a huge page");
	is(on_device(mem, 0, pages), 1, "the rest of the huge page stays");
	is(hcalls(&vm, UVSIM_PAGE_IN, 4, pages), pages - 4,
	   "H_SVM_PAGE_IN takes more pages of the huge page");
	is(secure_wrong(&vm, 3, pages, 6), 0,
	   "secure memory has the content of the huge page's parts");
	is(wrong(mem, 0, pages, 6), 0, "reads find the content of the huge page");
	munmap(map, 3 * huge);
	end_vm(&vm);
}

static void test_holes(void)
{
	struct vm vm = starting_vm(0);

	is(*(volatile uint64_t *)vm.mem, 0, "the process reads the zero page");
	is(hcalls(&vm, UVSIM_PAGE_IN, 0, 2), 2,
	   "H_SVM_PAGE_IN takes the zero page and a hole");
	is(on_device(vm.mem, 0, PAGES), 2, "the zero page and the hole are secure");
	is(wrong(vm.mem, 0, 2, 0), 0, "reads of secure holes find zeros");
	end_vm(&vm);
}

static void test_shared(void)
{
	struct vm vm = starting_vm(7);
	struct uvsim_counts before;

	is(hcalls(&vm, UVSIM_PAGE_IN, 0, 4), 4, "four pages become secure");
	before = counts(&vm);
	is(hcall(&vm, UVSIM_PAGE_IN, 0, H_PAGE_IN_SHARED), H_SUCCESS,
	   "H_SVM_PAGE_IN shares a secure page");
	is(on_device(vm.mem, 0, 4), 3, "the shared page is in system memory");
	is(counts(&vm).page_out - before.page_out, 0,
	   "a page becomes shared without UV_PAGE_OUT");
	is(hcall(&vm, UVSIM_PAGE_IN, 5, H_PAGE_IN_SHARED), H_SUCCESS,
	   "H_SVM_PAGE_IN shares a normal page");
	is(wrong(vm.mem, 5, 6, 7), 0, "a normal page that is shared keeps its content");
	is(wrong(vm.mem, 1, 4, 7), 0, "reads of the other secure pages find their content");
	end_vm(&vm);
}

static void test_init_done(void)
{
	struct uvsim_counts before, after;
	struct vm vm = starting_vm(8);

	hcalls(&vm, UVSIM_PAGE_IN, 0, 8);
	hcall(&vm, UVSIM_PAGE_IN, 8, H_PAGE_IN_SHARED);
	before = counts(&vm);
	is(hcall(&vm, UVSIM_INIT_DONE, 0, 0), H_SUCCESS, "H_SVM_INIT_DONE succeeds");
	after = counts(&vm);
	is(on_device(vm.mem, 0, PAGES), PAGES - 1,
	   "H_SVM_INIT_DONE makes all pages secure that are not shared");
	is(after.page_in - before.page_in, 0, "H_SVM_INIT_DONE copies no page");
	is(wrong(vm.mem, 0, 9, 8), 0,
	   "pages that were secure or shared before H_SVM_INIT_DONE keep their content");
	is(wrong(vm.mem, 9, PAGES, 0), 0, "all other pages are zero");

	before = counts(&vm);
	is(set_slot(&vm, 1, 8, vm.mem + PAGES * page_size, PAGES), 0,
	   "a secure VM gets a second slot");
	is(counts(&vm).register_slot - before.register_slot, 1,
	   "the second slot is registered");
	is(on_device(vm.mem, PAGES, PAGES + 8), 8, "the second slot is secure at once");
	is(set_slot(&vm, 1, 0, vm.mem + PAGES * page_size, PAGES), 0,
	   "the second slot is removed");
	is(counts(&vm).unregister_slot - before.unregister_slot, 1,
	   "the removed slot is unregistered");
	is(on_device(vm.mem, PAGES, PAGES + 8), 0, "no page of the removed slot is secure");

	is(hcalls(&vm, UVSIM_PAGE_IN, 0, 8), 8, "pages of the first slot become secure again");
	is(ioctl(vm.fd, KVM_PPC_SVM_OFF), 0, "KVM_PPC_SVM_OFF succeeds");
	is(on_device(vm.mem, 0, PAGES), 0, "no page is secure after KVM_PPC_SVM_OFF");
	is(counts(&vm).terminate > before.terminate, 1,
	   "KVM_PPC_SVM_OFF terminates the VM in the ultravisor");
	is(counts(&vm).device, 0, "no device page is in use after KVM_PPC_SVM_OFF");
	end_vm(&vm);
}

static void test_init_abort(void)
{
	struct vm vm = starting_vm(9);

	hcalls(&vm, UVSIM_PAGE_IN, 0, PAGES);
	is(hcall(&vm, UVSIM_INIT_ABORT, 0, 0), H_PARAMETER,
	   "H_SVM_INIT_ABORT returns H_PARAMETER");
	is(on_device(vm.mem, 0, PAGES), 0, "no page is secure after H_SVM_INIT_ABORT");
	is(wrong(vm.mem, 0, PAGES, 9), 0, "all pages have their content after H_SVM_INIT_ABORT");
	end_vm(&vm);
}

struct page_read {
	const char	*page;
	unsigned int	i, salt;
};

static int read_page(void *arg)
{
	struct page_read *r = arg;

	return page_wrong(r->page, r->i, r->salt);
}

/* Reads the page in a child; returns the child's wait status */
static int child_reads(const char *page, unsigned int i, unsigned int salt)
{
	struct page_read r = { page, i, salt };

	return in_child(read_page, &r);
}

static void test_failures(void)
{
	struct vm vm = starting_vm(10);
	int status;

	fail_ultracall(&vm, UV_PAGE_IN, 1);
	is(hcall(&vm, UVSIM_PAGE_IN, 0, 0), H_PARAMETER,
	   "H_SVM_PAGE_IN fails if UV_PAGE_IN does");
	is(counts(&vm).device, 0, "no device page is in use after a failed page-in");
	is(wrong(vm.mem, 0, 1, 10), 0, "the page has its content after a failed page-in");
	is(hcall(&vm, UVSIM_PAGE_IN, 0, 0), H_SUCCESS,
	   "H_SVM_PAGE_IN takes the page at the second attempt");

	is(hcall(&vm, UVSIM_PAGE_IN, 1, 0), H_SUCCESS, "another page becomes secure");
	fail_ultracall(&vm, UV_PAGE_OUT, 1);
	is(hcall(&vm, UVSIM_PAGE_OUT, 1, 0), H_PARAMETER,
	   "H_SVM_PAGE_OUT fails if UV_PAGE_OUT does");
	is(on_device(vm.mem, 1, 2), 1, "the page is secure after a failed page-out");
	fail_ultracall(&vm, UV_PAGE_OUT, 1);
	status = child_reads(vm.mem + page_size, 1, 10);
	is(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS, 1,
	   "a CPU fault gets SIGBUS if UV_PAGE_OUT fails");
	is(wrong(vm.mem, 1, 2, 10), 0, "the next read finds the content");
	fail_ultracall(&vm, 0, 0);
	end_vm(&vm);
}

static void test_pinned(void)
{
	struct vm vm = starting_vm(18);
	struct iovec iov = { .iov_base = vm.mem, .iov_len = page_size };
	char *copy = malloc(page_size);
	int fds[2];

	must(copy && !pipe(fds), "pipe");
	must(vmsplice(fds[1], &iov, 1, 0) == (ssize_t)page_size, "vmsplice");
	is(hcall(&vm, UVSIM_PAGE_IN, 0, 0), H_PARAMETER,
	   "H_SVM_PAGE_IN of a pinned page returns H_PARAMETER");
	is(on_device(vm.mem, 0, 1), 0, "the pinned page stays in the process");
	is(counts(&vm).device, 0, "no device page is in use for the pinned page");
	must(read(fds[0], copy, page_size) == (ssize_t)page_size, "read");
	is(page_wrong(copy, 0, 18), 0, "the pin reads the content");
	is(hcall(&vm, UVSIM_PAGE_IN, 0, 0), H_SUCCESS,
	   "H_SVM_PAGE_IN takes the page that is not pinned any more");
	close(fds[0]);
	close(fds[1]);
	free(copy);
	end_vm(&vm);
}

/* H_SVM_INIT_DONE takes a page whose page-in has failed */
static void test_init_done_after_failure(void)
{
	struct vm vm = starting_vm(11);

	fail_ultracall(&vm, UV_PAGE_IN, 1);
	hcall(&vm, UVSIM_PAGE_IN, 0, 0);
	fail_ultracall(&vm, 0, 0);
	is(hcall(&vm, UVSIM_INIT_DONE, 0, 0), H_SUCCESS,
	   "H_SVM_INIT_DONE succeeds after a failed page-in");
	is(on_device(vm.mem, 0, PAGES), PAGES,
	   "H_SVM_INIT_DONE makes the page secure whose page-in has failed");
	end_vm(&vm);
}

static void test_child(void)
{
	struct vm vm = starting_vm(12);

	hcalls(&vm, UVSIM_PAGE_IN, 0, 2);
	is(child_reads(vm.mem, 0, 12), 0, "a child reads a secure page and finds its content");
	is(wrong(vm.mem, 0, 2, 12), 0, "the process finds the content, too");
	is(counts(&vm).device, 0, "no device page is in use after the child's end");
	end_vm(&vm);
}

static int write_byte(void *arg)
{
	*(volatile char *)arg = 1;
	return 0;
}

static void test_read_only(void)
{
	struct vm vm = starting_vm(13);
	int status;

	hcalls(&vm, UVSIM_PAGE_IN, 0, 1);
	is(mprotect(vm.mem, page_size, PROT_READ), 0, "mprotect() protects a secure page");
	status = in_child(write_byte, vm.mem);
	is(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, 1,
	   "a write to a protected secure page gets SIGSEGV");
	is(wrong(vm.mem, 0, 1, 13), 0, "a read of a protected secure page finds its content");
	end_vm(&vm);
}

/* A CPU fault that has not ended has a reference on the device page */
static void test_reference(void)
{
	struct vm vm = starting_vm(14);

	is(hcall(&vm, UVSIM_PAGE_IN, 0, 0), H_SUCCESS, "one page becomes secure");
	must(!ioctl(vm.uv, UVSIM_GET), "UVSIM_GET");
	is(wrong(vm.mem, 0, 1, 14), 0, "a read returns a page, and its fault keeps a reference");
	is(counts(&vm).device, 1, "the device page is in use while the fault has a reference");
	is(hcall(&vm, UVSIM_PAGE_IN, 0, 0), H_SUCCESS,
	   "H_SVM_PAGE_IN takes the page while the fault has a reference");
	is(secure_wrong(&vm, 0, 1, 14), 0, "secure memory has the content of the page");
	must(!ioctl(vm.uv, UVSIM_PUT), "UVSIM_PUT");
	is(counts(&vm).device, 1, "the old device page is free after the fault");
	is(hcall(&vm, UVSIM_PAGE_IN, 0, 0), H_PARAMETER,
	   "the page is secure after the fault");
	is(wrong(vm.mem, 0, 1, 14), 0, "a read finds the content after the fault");
	end_vm(&vm);
}

static void page_in_again(void *arg)
{
	must(hcall(arg, UVSIM_PAGE_IN, 0, 0) == H_SUCCESS, "H_SVM_PAGE_IN");
}

static void test_no_memory(void)
{
	struct vm vm = starting_vm(15);

	test_failing_reads("a read of a secure page succeeds although an allocation fails",
			   (uint64_t *)vm.mem, word(0, 15, 0), page_in_again, &vm);
	end_vm(&vm);
}

/*
 * Page 0 of this VM, in a slot of its own, is the code of a vCPU, which makes
 * hypercalls itself.
 */
static const uint32_t vcpu_code[] = {
	0x60000000,	/* nop: the first instruction may have been fetched */
	0x44000022,	/* sc 1: the hypercall in r3 */
	0x7c641b78,	/* mr r4, r3 */
	0x60000000,	/* nop, or ld r5, 0(r7) */
	0x38607ffc,	/* li r3, 0x7ffc: unknown, so that KVM_RUN returns */
	0x44000022,	/* sc 1 */
	0x4bffffe8,	/* b to the first instruction */
};

#define VCPU_LOAD_AT	3
#define VCPU_LOAD	0xe8a70000	/* ld r5, 0(r7) */
#define VCPU_DONE	0x7ffc

struct vcpu {
	int		fd;
	struct kvm_run	*run;
	uint64_t	r5;
};

/*
 * The vCPU makes the hypercall @nr, as the ultravisor if @msr_s is MSR_S, and
 * then loads from @r7 if the code has that instruction.
 * Returns: what the hypercall returns, or -1000 if the vCPU does not get there
 */
static long vcpu_hcall(struct vcpu *v, uint64_t msr_s, uint64_t nr,
		       uint64_t gpa, uint64_t r7)
{
	struct kvm_regs regs;
	unsigned int i;
	int ret;

	must(!ioctl(v->fd, KVM_GET_REGS, &regs), "KVM_GET_REGS");
	regs.pc = 0;
	regs.msr = MSR_SF_ME_LE;
	regs.gpr[3] = nr;
	regs.gpr[4] = gpa;
	regs.gpr[5] = 0;
	regs.gpr[6] = __builtin_ctzl(page_size);
	regs.gpr[7] = r7;
	regs.gpr[8] = MSR_SF_ME_LE | msr_s;
	must(!ioctl(v->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	/* KVM_RUN takes r3 to r12 from here after a hypercall for userspace */
	v->run->papr_hcall.ret = nr;
	for (i = 0; i < 9; i++)
		v->run->papr_hcall.args[i] = regs.gpr[4 + i];

	for (i = 0; i < 1000; i++) {
		ret = ioctl(v->fd, KVM_RUN, 0);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0)
			break;
		if (v->run->exit_reason == KVM_EXIT_INTR)
			continue;
		if (v->run->exit_reason != KVM_EXIT_PAPR_HCALL ||
		    v->run->papr_hcall.nr != VCPU_DONE)
			break;
		must(!ioctl(v->fd, KVM_GET_REGS, &regs), "KVM_GET_REGS");
		v->r5 = regs.gpr[5];
		return v->run->papr_hcall.args[0];
	}
	printf("# KVM_RUN: %d, errno %d, exit %u\n", ret, errno, v->run->exit_reason);
	return -1000;
}

static void test_vcpu(void)
{
	struct kvm_enable_cap papr = { .cap = KVM_CAP_PPC_PAPR };
	struct vm vm = new_vm(true);
	struct uvsim_counts before;
	struct vcpu v;
	char *code;

	v.fd = ioctl(vm.fd, KVM_CREATE_VCPU, 0);
	must(v.fd >= 0, "KVM_CREATE_VCPU");
	v.run = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, v.fd, 0);
	must(v.run != MAP_FAILED, "mmap of the vCPU");
	must(!ioctl(v.fd, KVM_ENABLE_CAP, &papr), "KVM_CAP_PPC_PAPR");
	code = mmap(NULL, page_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(code != MAP_FAILED, "mmap");
	memcpy(code, vcpu_code, sizeof(vcpu_code));
	fill(vm.mem, 1, PAGES, 16);
	must(!set_slot(&vm, 1, 1, code, 0) &&
	     !set_slot(&vm, 0, PAGES - 1, vm.mem + page_size, 1),
	     "KVM_SET_USER_MEMORY_REGION");

	is(vcpu_hcall(&v, 0, H_SVM_INIT_START, 0, 0), H_UNSUPPORTED,
	   "a vCPU's own H_SVM_INIT_START returns H_UNSUPPORTED");
	is(vcpu_hcall(&v, MSR_S, H_SVM_INIT_START, 0, 0), H_SUCCESS,
	   "the ultravisor's H_SVM_INIT_START on a vCPU succeeds");
	is(vcpu_hcall(&v, MSR_S, H_SVM_PAGE_IN, 5 * page_size, 0), H_SUCCESS,
	   "H_SVM_PAGE_IN on a vCPU succeeds");
	is(on_device(vm.mem, 0, PAGES), 1, "H_SVM_PAGE_IN on a vCPU takes one page");
	is(secure_wrong(&vm, 5, 6, 16), 0, "secure memory has the content of this page");
	is(vcpu_hcall(&v, MSR_S, H_SVM_PAGE_OUT, 5 * page_size, 0), H_SUCCESS,
	   "H_SVM_PAGE_OUT on a vCPU succeeds");
	is(wrong(vm.mem, 5, 6, 16), 0, "the page has its content after H_SVM_PAGE_OUT");
	is(vcpu_hcall(&v, MSR_S, H_SVM_PAGE_IN, 6 * page_size, 0), H_SUCCESS,
	   "another page becomes secure");
	((volatile uint32_t *)code)[VCPU_LOAD_AT] = VCPU_LOAD;
	__builtin___clear_cache(code, code + page_size);
	before = counts(&vm);
	is(vcpu_hcall(&v, 0, H_SVM_PAGE_IN, 0, 6 * page_size + 16), H_UNSUPPORTED,
	   "the vCPU loads from the secure page after a refused hypercall");
	is(v.r5, word(6, 16, 16), "the load finds the content");
	is(counts(&vm).page_out - before.page_out, 1, "the load takes one UV_PAGE_OUT");
	munmap(v.run, 65536);
	munmap(code, page_size);
	close(v.fd);
	end_vm(&vm);
}

struct racer {
	struct vm	*vm;
	bool		stop;
	unsigned long	rounds;
	unsigned long	wrong;
	pthread_t	thread;
};

static void *read_pages(void *arg)
{
	struct racer *r = arg;
	unsigned int i;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED))
		for (i = 0; i < 8; i++, r->rounds++)
			r->wrong += page_wrong(r->vm->mem + i * page_size, i, 17);
	return NULL;
}

static void *move_pages(void *arg)
{
	struct racer *r = arg;
	unsigned int i;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED))
		for (i = 0; i < 8; i++, r->rounds++)
			hcall(r->vm, r->rounds & 64 ? UVSIM_PAGE_OUT : UVSIM_PAGE_IN,
			      i, 0);
	return NULL;
}

static void test_race(unsigned int seconds)
{
	struct vm vm = starting_vm(17);
	struct racer r[3] = { { .vm = &vm }, { .vm = &vm }, { .vm = &vm } };
	unsigned int i;

	for (i = 0; i < 3; i++)
		must(!pthread_create(&r[i].thread, NULL, i < 2 ? read_pages : move_pages,
				     &r[i]), "pthread_create");
	sleep(seconds);
	for (i = 0; i < 3; i++)
		__atomic_store_n(&r[i].stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 3; i++)
		pthread_join(r[i].thread, NULL);
	printf("# %lu and %lu pages read, %lu hypercalls\n", r[0].rounds,
	       r[1].rounds, r[2].rounds);
	is(r[0].rounds && r[1].rounds && r[2].rounds, 1,
	   "two threads read pages while a third moves them");
	is(r[0].wrong + r[1].wrong, 0, "each read finds the content");
	hcalls(&vm, UVSIM_PAGE_OUT, 0, PAGES);
	is(wrong(vm.mem, 0, PAGES, 17), 0, "all pages have their content after the race");
	is(counts(&vm).device, 0, "no device page is in use after the race");
	is(hcalls(&vm, UVSIM_PAGE_IN, 0, PAGES), PAGES,
	   "all pages can become secure after the race");
	end_vm(&vm);
}

int main(int argc, char **argv)
{
	struct vm vm;

	page_size = sysconf(_SC_PAGESIZE);
	test_refused();
	test_in_and_out();
	test_unmapped();
	test_huge();
	test_holes();
	test_shared();
	test_init_done();
	test_init_abort();
	test_failures();
	test_pinned();
	test_init_done_after_failure();
	test_child();
	test_read_only();
	test_reference();
	test_no_memory();
	test_vcpu();
	test_race(argc > 1 ? atoi(argv[1]) : 5);

	vm = new_vm(false);
	is(counts(&vm).device, 0, "no device page is in use at the end");
	is(counts(&vm).unknown, 0, "KVM made no other ultracall");
	is(counts(&vm).data_freed > 0, 1, "KVM freed the data of device pages");
	is(counts(&vm).released_early, 0,
	   "no device page returned to the pool before its data was freed");
	end_vm(&vm);
	printf("1..%u\n", tests);
	return failed != 0;
}
