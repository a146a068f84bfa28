// SPDX-License-Identifier: GPL-2.0
/*
 * Commands for the figures that test_hmm of some kernels lacks: selecting a device's
 * own memory, and moving system memory to a node. Each measured kernel has this driver
 * built in, and the driver knows the interface of each kernel.
 */
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/migrate.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "bench_select.h"

/* An owner without device private memory */
static char nobody;

/* test_hmm of 7.3 takes as many pages in a call: a page table */
#define BATCH (PMD_SIZE >> PAGE_SHIFT)

static unsigned long bench_moved(const struct migrate_vma *args)
{
	unsigned long i, moved = 0;

	for (i = 0; i < args->npages; i++) {
		if (!args->dst[i] || !(args->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		moved++;
#ifdef BENCH_COMPOUND
		if (args->dst[i] & MIGRATE_PFN_COMPOUND)
			moved += (PMD_SIZE >> PAGE_SHIFT) - 1;
#endif
	}
	return moved;
}

static struct page *bench_alloc(int node, unsigned int order)
{
#ifdef BENCH_COMPOUND
	struct folio *folio = __folio_alloc_node(GFP_HIGHUSER_MOVABLE |
						 __GFP_THISNODE, order, node);

	return folio ? folio_page(folio, 0) : NULL;
#else
	return alloc_pages_node(node, GFP_HIGHUSER_MOVABLE | __GFP_THISNODE,
				order);
#endif
}

/* A selected page on another node gets a page on @node; other pages stay. */
static void bench_alloc_and_copy(struct migrate_vma *args, int node)
{
	unsigned long i, j, nr;

	for (i = 0; i < args->npages; i += nr) {
		struct page *spage = migrate_pfn_to_page(args->src[i]);
		unsigned int order = 0;
		struct page *dpage;

		nr = 1;
#ifdef BENCH_COMPOUND
		if (args->src[i] & MIGRATE_PFN_COMPOUND)
			order = PMD_SHIFT - PAGE_SHIFT;
		nr = 1UL << order;
#endif
		if (!spage || !(args->src[i] & MIGRATE_PFN_MIGRATE) ||
		    page_to_nid(spage) == node)
			continue;
		dpage = bench_alloc(node, order);
		if (!dpage)
			continue;
		lock_page(dpage);
		for (j = 0; j < nr; j++)
			copy_highpage(dpage + j, spage + j);
		args->dst[i] = migrate_pfn(page_to_pfn(dpage));
#ifdef MIGRATE_PFN_LOCKED
		args->dst[i] |= MIGRATE_PFN_LOCKED;
#endif
#ifdef BENCH_COMPOUND
		if (order)
			args->dst[i] |= MIGRATE_PFN_COMPOUND;
#endif
	}
}

static int bench_select(struct bench_select *cmd)
{
	struct mm_struct *mm = current->mm;
	struct migrate_vma args = { };
	unsigned long addr, end, next;
#ifdef BENCH_SKIP_NODES
	nodemask_t there;
#endif
	int ret = 0;

	addr = cmd->start;
	if (addr & ~PAGE_MASK || cmd->npages > ULONG_MAX >> PAGE_SHIFT)
		return -EINVAL;
	end = addr + (cmd->npages << PAGE_SHIFT);
	if (end <= addr || (cmd->node >= 0 && (cmd->node >= MAX_NUMNODES ||
					       !node_online(cmd->node))))
		return -EINVAL;

	args.src = kcalloc(BATCH, sizeof(*args.src), GFP_KERNEL);
	args.dst = kcalloc(BATCH, sizeof(*args.dst), GFP_KERNEL);
	if (!args.src || !args.dst) {
		ret = -ENOMEM;
		goto free;
	}
	cmd->selected = 0;
	cmd->moved = 0;

	mmap_read_lock(mm);
	for (; addr < end; addr = next) {
		args.vma = find_vma(mm, addr);
		if (!args.vma || addr < args.vma->vm_start) {
			ret = -EFAULT;
			break;
		}
		next = min(end, (addr | ~PMD_MASK) + 1);
		next = min(next, args.vma->vm_end);
		args.start = addr;
		args.end = next;
#ifdef BENCH_SRC_OWNER
		args.src_owner = cmd->node < 0 ? &nobody : NULL;
#else
		args.pgmap_owner = &nobody;
		args.flags = cmd->node < 0 ? MIGRATE_VMA_SELECT_DEVICE_PRIVATE :
					     MIGRATE_VMA_SELECT_SYSTEM;
#ifdef BENCH_COMPOUND
		args.flags |= MIGRATE_VMA_SELECT_COMPOUND;
#endif
#ifdef BENCH_SKIP_NODES
		if (cmd->node >= 0) {
			there = nodemask_of_node(cmd->node);
			args.flags |= MIGRATE_VMA_SKIP_NODES;
			args.skip_nodes = &there;
		}
#endif
#endif
		ret = migrate_vma_setup(&args);
		if (ret)
			break;
		cmd->selected += args.cpages;
		if (cmd->node >= 0)
			bench_alloc_and_copy(&args, cmd->node);
		migrate_vma_pages(&args);
		cmd->moved += bench_moved(&args);
		migrate_vma_finalize(&args);
	}
	mmap_read_unlock(mm);
free:
	kfree(args.src);
	kfree(args.dst);
	return ret;
}

static long bench_ioctl(struct file *file, unsigned int nr, unsigned long arg)
{
	struct bench_select cmd;
	int ret;

	if (nr != BENCH_SELECT)
		return -ENOTTY;
	if (copy_from_user(&cmd, (void __user *)arg, sizeof(cmd)))
		return -EFAULT;
	ret = bench_select(&cmd);
	if (!ret && copy_to_user((void __user *)arg, &cmd, sizeof(cmd)))
		ret = -EFAULT;
	return ret;
}

static const struct file_operations bench_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= bench_ioctl,
};

static struct miscdevice bench_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "bench_select",
	.fops	= &bench_fops,
};
builtin_misc_device(bench_misc);
