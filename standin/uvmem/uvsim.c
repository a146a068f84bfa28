// SPDX-License-Identifier: GPL-2.0-only
/*
 * An ultravisor in plain memory, for KVM's secure pages on POWER: see README.md.
 *
 * KVM calls the ultravisor with the instruction "sc 2", which the kernel has in
 * one place, ucall_norets(). This module replaces the instruction with a trap,
 * and answers in a notifier for traps. The hypercalls that an ultravisor makes
 * are calls of kvm-hv's functions here. These functions are not exported: the
 * loader reads their addresses from /proc/kallsyms.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/memremap.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/inst.h>
#include <asm/kvm_book3s_uvmem.h>
#include <asm/ultravisor.h>
#if __has_include(<asm/text-patching.h>)
#include <asm/text-patching.h>
#else
#include <asm/code-patching.h>
#endif
#include "uvsim.h"

#define UVSIM_SC2	0x44000042
#define UVSIM_TRAP	0x7fe00008

/* The ultracalls come with interrupts off, so secure memory is a fixed pool */
#define UVSIM_PAGES	1024

#define UVSIM_SYMBOL(name)						\
	static unsigned long at_##name;					\
	module_param_named(name, at_##name, ulong, 0400)
UVSIM_SYMBOL(patch_instruction);
UVSIM_SYMBOL(kvmppc_h_svm_init_start);
UVSIM_SYMBOL(kvmppc_h_svm_init_done);
UVSIM_SYMBOL(kvmppc_h_svm_init_abort);
UVSIM_SYMBOL(kvmppc_h_svm_page_in);
UVSIM_SYMBOL(kvmppc_h_svm_page_out);
UVSIM_SYMBOL(kvmppc_uvmem_bitmap);
UVSIM_SYMBOL(kvmppc_uvmem_pgmap);

/* The compiler checks the arguments against the kernel's own prototype */
#define UVSIM_CALL(name)	((typeof(&name))at_##name)

/* A secure page; lpid 0 means a free one */
struct uvsim_page {
	u64	lpid;
	u64	gpa;
	void	*memory;
};

static struct uvsim_page uvsim_pages[UVSIM_PAGES];
static struct uvsim_counts uvsim_counts;
static struct uvsim_fail uvsim_fail;
/* The page that the driver frees, and its zone_device_data */
static struct page *uvsim_freed_page;
static void *uvsim_freed_data;
/* Protects all of the above, with interrupts off */
static DEFINE_SPINLOCK(uvsim_lock);

/* The page with the reference of UVSIM_GET */
static struct page *uvsim_got;
static bool uvsim_gets;
static DEFINE_MUTEX(uvsim_mutex);

static struct uvsim_page *uvsim_find(u64 lpid, u64 gpa)
{
	unsigned int i;

	for (i = 0; i < UVSIM_PAGES; i++)
		if (uvsim_pages[i].lpid == lpid &&
		    (!lpid || uvsim_pages[i].gpa == gpa))
			return &uvsim_pages[i];
	return NULL;
}

static long uvsim_page_in(u64 lpid, u64 ra, u64 gpa, u64 flags, u64 shift)
{
	struct uvsim_page *page = uvsim_find(lpid, gpa);

	if (shift != PAGE_SHIFT || flags)
		return U_PARAMETER;
	if (!page)
		page = uvsim_find(0, 0);
	if (!page)
		return U_BUSY;
	page->lpid = lpid;
	page->gpa = gpa;
	memcpy(page->memory, __va(ra), PAGE_SIZE);
	return U_SUCCESS;
}

static long uvsim_page_out(u64 lpid, u64 ra, u64 gpa, u64 flags, u64 shift)
{
	struct uvsim_page *page = uvsim_find(lpid, gpa);

	if (shift != PAGE_SHIFT || flags)
		return U_PARAMETER;
	/* H_SVM_INIT_DONE makes pages secure without a copy: these are zero */
	if (!page) {
		memset(__va(ra), 0, PAGE_SIZE);
		return U_SUCCESS;
	}
	memcpy(__va(ra), page->memory, PAGE_SIZE);
	page->lpid = 0;
	return U_SUCCESS;
}

static long uvsim_terminate(u64 lpid)
{
	unsigned int i;

	for (i = 0; i < UVSIM_PAGES; i++)
		if (uvsim_pages[i].lpid == lpid)
			uvsim_pages[i].lpid = 0;
	return U_SUCCESS;
}

/* @r: the arguments of ucall_norets(), the opcode first */
static long uvsim_ultracall(const unsigned long *r)
{
	long ret = U_SUCCESS;
	unsigned long flags;

	spin_lock_irqsave(&uvsim_lock, flags);
	if (uvsim_fail.nth && uvsim_fail.opcode == r[0] && !--uvsim_fail.nth) {
		ret = uvsim_fail.ret;
		goto out;
	}
	switch (r[0]) {
	case UV_PAGE_IN:
		uvsim_counts.page_in++;
		ret = uvsim_page_in(r[1], r[2], r[3], r[4], r[5]);
		break;
	case UV_PAGE_OUT:
		uvsim_counts.page_out++;
		ret = uvsim_page_out(r[1], r[2], r[3], r[4], r[5]);
		break;
	case UV_PAGE_INVAL:
		uvsim_counts.page_inval++;
		break;
	case UV_REGISTER_MEM_SLOT:
		uvsim_counts.register_slot++;
		break;
	case UV_UNREGISTER_MEM_SLOT:
		uvsim_counts.unregister_slot++;
		break;
	case UV_SVM_TERMINATE:
		uvsim_counts.terminate++;
		ret = uvsim_terminate(r[1]);
		break;
	default:
		uvsim_counts.unknown++;
		ret = U_FUNCTION;
	}
out:
	spin_unlock_irqrestore(&uvsim_lock, flags);
	return ret;
}

static int uvsim_trap(struct notifier_block *nb, unsigned long val, void *data)
{
	struct pt_regs *regs = ((struct die_args *)data)->regs;

	if (val != DIE_BPT || regs->nip != (unsigned long)ucall_norets)
		return NOTIFY_DONE;
	regs->gpr[3] = uvsim_ultracall(&regs->gpr[3]);
	instruction_pointer_set(regs, regs->link);
	return NOTIFY_STOP;
}

static struct notifier_block uvsim_nb = {
	.notifier_call	= uvsim_trap,
	.priority	= INT_MAX,
};

/*
 * A vCPU makes hypercalls, too. Those of the ultravisor have MSR_S in SRR1,
 * which a guest cannot set: the stand-in sets it for a vCPU that has it in r8.
 */
static int uvsim_do_hcall(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)regs->gpr[3];

	if (vcpu->arch.regs.gpr[8] & MSR_S)
		vcpu->arch.shregs.srr1 |= MSR_S;
	return 0;
}

static struct kprobe uvsim_hcall_probe = {
	.symbol_name	= "kvmppc_pseries_do_hcall",
	.pre_handler	= uvsim_do_hcall,
};

/* The argument is a page, or a folio, which begins with its page */
static int uvsim_page_free(struct kprobe *kp, struct pt_regs *regs)
{
	struct page *page = (struct page *)regs->gpr[3];
	unsigned long flags;

	spin_lock_irqsave(&uvsim_lock, flags);
	uvsim_freed_page = page;
	uvsim_freed_data = page->zone_device_data;
	spin_unlock_irqrestore(&uvsim_lock, flags);
	return 0;
}

static struct kprobe uvsim_free_probe = {
	.pre_handler	= uvsim_page_free,
};

/* The names of one function in older and newer kernels */
static const char * const uvsim_frees[] = {
	"kvmppc_uvmem_page_free",
	"kvmppc_uvmem_folio_free",
};

static int uvsim_probe_free(void)
{
	unsigned int i;
	int ret = -ENOENT;

	for (i = 0; ret == -ENOENT && i < ARRAY_SIZE(uvsim_frees); i++) {
		uvsim_free_probe.symbol_name = uvsim_frees[i];
		uvsim_free_probe.addr = NULL;
		ret = register_kprobe(&uvsim_free_probe);
	}
	return ret;
}

/* A fault's page, from the call of migrate_to_ram() to its return */
static int uvsim_fault(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	*(struct page **)ri->data = ((struct vm_fault *)regs->gpr[3])->page;
	return 0;
}

/* The fault's own reference holds the page until the caller drops it */
static int uvsim_fault_done(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct page *page = *(struct page **)ri->data;

	if (xchg(&uvsim_gets, false)) {
		get_page(page);
		WRITE_ONCE(uvsim_got, page);
	}
	return 0;
}

static struct kretprobe uvsim_fault_probe = {
	.kp.symbol_name	= "kvmppc_uvmem_migrate_to_ram",
	.entry_handler	= uvsim_fault,
	.handler	= uvsim_fault_done,
	.data_size	= sizeof(struct page *),
};

static unsigned long uvsim_first_pfn(void)
{
	struct dev_pagemap *pgmap = (void *)at_kvmppc_uvmem_pgmap;

	return pgmap->range.start >> PAGE_SHIFT;
}

static unsigned long uvsim_device_pages(void)
{
	struct dev_pagemap *pgmap = (void *)at_kvmppc_uvmem_pgmap;

	return range_len(&pgmap->range) >> PAGE_SHIFT;
}

static unsigned long *uvsim_bitmap(void)
{
	return *(unsigned long **)at_kvmppc_uvmem_bitmap;
}

/*
 * While KVM still uses the data of a device page, the page must not be free.
 * If two CPUs free a page at once, only the later page is looked at.
 */
static int uvsim_kfree(struct kprobe *kp, struct pt_regs *regs)
{
	void *data = (void *)regs->gpr[3];
	unsigned long flags;

	if (!data || READ_ONCE(uvsim_freed_data) != data)
		return 0;
	spin_lock_irqsave(&uvsim_lock, flags);
	if (uvsim_freed_data == data) {
		uvsim_freed_data = NULL;
		uvsim_counts.data_freed++;
		uvsim_counts.released_early +=
			!test_bit(page_to_pfn(uvsim_freed_page) -
				  uvsim_first_pfn(), uvsim_bitmap());
	}
	spin_unlock_irqrestore(&uvsim_lock, flags);
	return 0;
}

static struct kprobe uvsim_kfree_probe = {
	.symbol_name	= "kfree",
	.pre_handler	= uvsim_kfree,
};

static long uvsim_hcall(struct kvm *kvm, const struct uvsim_hcall *call)
{
	switch (call->op) {
	case UVSIM_INIT_START:
		return UVSIM_CALL(kvmppc_h_svm_init_start)(kvm);
	case UVSIM_INIT_DONE:
		return UVSIM_CALL(kvmppc_h_svm_init_done)(kvm);
	case UVSIM_INIT_ABORT:
		return UVSIM_CALL(kvmppc_h_svm_init_abort)(kvm);
	case UVSIM_PAGE_IN:
		return UVSIM_CALL(kvmppc_h_svm_page_in)(kvm, call->gpa,
							call->flags, PAGE_SHIFT);
	case UVSIM_PAGE_OUT:
		return UVSIM_CALL(kvmppc_h_svm_page_out)(kvm, call->gpa,
							 call->flags, PAGE_SHIFT);
	}
	return H_FUNCTION;
}

static long uvsim_peek(struct kvm *kvm, const struct uvsim_peek *peek)
{
	void *copy = kvmalloc(PAGE_SIZE, GFP_KERNEL);
	struct uvsim_page *page;
	long ret = -ENOENT;

	if (!copy)
		return -ENOMEM;
	spin_lock_irq(&uvsim_lock);
	page = uvsim_find(kvm->arch.lpid, peek->gpa);
	if (page)
		memcpy(copy, page->memory, PAGE_SIZE);
	spin_unlock_irq(&uvsim_lock);
	if (page)
		ret = copy_to_user(u64_to_user_ptr(peek->buffer), copy,
				   PAGE_SIZE) ? -EFAULT : 0;
	kvfree(copy);
	return ret;
}

static void uvsim_count(struct kvm *kvm, struct uvsim_counts *counts)
{
	unsigned int i;

	spin_lock_irq(&uvsim_lock);
	*counts = uvsim_counts;
	for (i = 0; i < UVSIM_PAGES; i++)
		counts->secure += uvsim_pages[i].lpid == kvm->arch.lpid;
	spin_unlock_irq(&uvsim_lock);
	counts->device = bitmap_weight(uvsim_bitmap(), uvsim_device_pages());
}

/* The next fault of a CPU on a device page leaves its reference */
static long uvsim_get(void)
{
	if (READ_ONCE(uvsim_got))
		return -EBUSY;
	WRITE_ONCE(uvsim_gets, true);
	return 0;
}

static long uvsim_put(void)
{
	long ret = -ENOENT;

	mutex_lock(&uvsim_mutex);
	if (uvsim_got) {
		put_page(uvsim_got);
		uvsim_got = NULL;
		ret = 0;
	}
	mutex_unlock(&uvsim_mutex);
	return ret;
}

static long uvsim_bind(struct file *file, int fd)
{
	struct file *vm = fget(fd);
	long ret = 0;

	if (!vm)
		return -EBADF;
	mutex_lock(&uvsim_mutex);
	if (strcmp(vm->f_path.dentry->d_name.name, "kvm-vm"))
		ret = -EINVAL;
	else if (file->private_data)
		ret = -EBUSY;
	else
		file->private_data = vm;
	mutex_unlock(&uvsim_mutex);
	if (ret)
		fput(vm);
	return ret;
}

static long uvsim_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	struct file *vm = READ_ONCE(file->private_data);
	struct kvm *kvm = vm ? vm->private_data : NULL;
	union {
		__s32			fd;
		struct uvsim_hcall	hcall;
		struct uvsim_peek	peek;
		struct uvsim_fail	fail;
		struct uvsim_counts	counts;
	} u = {};

	if (_IOC_SIZE(cmd) > sizeof(u))
		return -ENOTTY;
	if (_IOC_DIR(cmd) & _IOC_WRITE &&
	    copy_from_user(&u, user, _IOC_SIZE(cmd)))
		return -EFAULT;
	if (cmd == UVSIM_BIND)
		return uvsim_bind(file, u.fd);
	if (!kvm)
		return -ENOTCONN;

	switch (cmd) {
	case UVSIM_HCALL:
		u.hcall.ret = uvsim_hcall(kvm, &u.hcall);
		break;
	case UVSIM_PEEK:
		return uvsim_peek(kvm, &u.peek);
	case UVSIM_FAIL:
		spin_lock_irq(&uvsim_lock);
		uvsim_fail = u.fail;
		spin_unlock_irq(&uvsim_lock);
		break;
	case UVSIM_COUNTS:
		uvsim_count(kvm, &u.counts);
		break;
	case UVSIM_GET:
		return uvsim_get();
	case UVSIM_PUT:
		return uvsim_put();
	default:
		return -ENOTTY;
	}
	if (_IOC_DIR(cmd) & _IOC_READ && copy_to_user(user, &u, _IOC_SIZE(cmd)))
		return -EFAULT;
	return 0;
}

static int uvsim_open(struct inode *inode, struct file *file)
{
	/* The misc device has left its own pointer here */
	file->private_data = NULL;
	return 0;
}

static int uvsim_release(struct inode *inode, struct file *file)
{
	if (file->private_data)
		fput(file->private_data);
	return 0;
}

static const struct file_operations uvsim_fops = {
	.owner		= THIS_MODULE,
	.open		= uvsim_open,
	.release	= uvsim_release,
	.unlocked_ioctl	= uvsim_ioctl,
};

static struct miscdevice uvsim_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "uvsim",
	.fops	= &uvsim_fops,
};

static int uvsim_patch(u32 instruction)
{
	return UVSIM_CALL(patch_instruction)((void *)ucall_norets,
					     ppc_inst(instruction));
}

static void uvsim_free_pages(void)
{
	unsigned int i;

	for (i = 0; i < UVSIM_PAGES; i++)
		free_page((unsigned long)uvsim_pages[i].memory);
}

static void uvsim_exit(void)
{
	misc_deregister(&uvsim_misc);
	uvsim_patch(UVSIM_SC2);
	unregister_die_notifier(&uvsim_nb);
	unregister_kretprobe(&uvsim_fault_probe);
	unregister_kprobe(&uvsim_kfree_probe);
	unregister_kprobe(&uvsim_free_probe);
	unregister_kprobe(&uvsim_hcall_probe);
	uvsim_put();
	uvsim_free_pages();
}

static int __init uvsim_init(void)
{
	const u32 *site = (const u32 *)ucall_norets;
	unsigned int i;
	int ret;

	if (*site != UVSIM_SC2) {
		pr_err("uvsim: ucall_norets() begins with %08x, not with sc 2\n",
		       *site);
		return -EINVAL;
	}
	if (!at_patch_instruction || !at_kvmppc_h_svm_init_start ||
	    !at_kvmppc_h_svm_init_done || !at_kvmppc_h_svm_init_abort ||
	    !at_kvmppc_h_svm_page_in || !at_kvmppc_h_svm_page_out ||
	    !at_kvmppc_uvmem_bitmap || !at_kvmppc_uvmem_pgmap) {
		pr_err("uvsim: an address is missing, see /sys/module/uvsim\n");
		return -EINVAL;
	}
	if (!uvsim_bitmap()) {
		pr_err("uvsim: kvm-hv has no secure memory\n");
		return -ENODEV;
	}
	for (i = 0; i < UVSIM_PAGES; i++) {
		uvsim_pages[i].memory = (void *)__get_free_page(GFP_KERNEL);
		if (!uvsim_pages[i].memory) {
			ret = -ENOMEM;
			goto free;
		}
	}
	ret = register_kprobe(&uvsim_hcall_probe);
	if (ret)
		goto free;
	ret = uvsim_probe_free();
	if (ret)
		goto hcall_probe;
	ret = register_kprobe(&uvsim_kfree_probe);
	if (ret)
		goto free_probe;
	ret = register_kretprobe(&uvsim_fault_probe);
	if (ret)
		goto kfree_probe;
	ret = register_die_notifier(&uvsim_nb);
	if (ret)
		goto fault_probe;
	ret = uvsim_patch(UVSIM_TRAP);
	if (ret)
		goto notifier;
	ret = misc_register(&uvsim_misc);
	if (!ret)
		return 0;

	uvsim_patch(UVSIM_SC2);
notifier:
	unregister_die_notifier(&uvsim_nb);
fault_probe:
	unregister_kretprobe(&uvsim_fault_probe);
kfree_probe:
	unregister_kprobe(&uvsim_kfree_probe);
free_probe:
	unregister_kprobe(&uvsim_free_probe);
hcall_probe:
	unregister_kprobe(&uvsim_hcall_probe);
free:
	uvsim_free_pages();
	return ret;
}

module_init(uvsim_init);
module_exit(uvsim_exit);
MODULE_DESCRIPTION("An ultravisor in plain memory, to test KVM's secure pages");
MODULE_LICENSE("GPL");
