// SPDX-License-Identifier: GPL-2.0
/* The code of docs/driver-authors.md, as a source that compiles */
#include <linux/delay.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "driver.h"

/* Allocates a device page for each selected page, and copies the content. */
static void my_move_to_device(struct my_device *dev, struct migrate_vma *migrate)
{
	unsigned long i;
	struct page *page;

	for (i = 0; i < migrate->npages; i++) {
		if (!(migrate->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		page = my_alloc_page(dev);
		if (!page)
			continue;	/* The page stays in place. */
		/* The source is NULL for a hole and for a zero page. */
		my_copy(dev, page, migrate_pfn_to_page(migrate->src[i]));
		migrate->dst[i] = migrate_pfn(page_to_pfn(page));
	}
	/* migrate_vma_finalize() maps the pages, so the copies must be complete. */
	my_wait(dev);
}

/* For a device that touches @addr first: fills the holes around @addr. */
int my_populate(struct my_device *dev, struct mm_struct *mm, unsigned long addr)
{
	const unsigned long size = MY_PAGES * PAGE_SIZE;
	struct migrate_vma migrate = { };
	struct my_arrays *arrays;
	int ret = -EFAULT;

	arrays = kvmalloc_obj(*arrays);
	if (!arrays)
		return -ENOMEM;
	if (!mmget_not_zero(mm))
		goto free;
	mmap_read_lock(mm);
	migrate.vma = vma_lookup(mm, addr);
	if (!migrate.vma)
		goto unlock;
	migrate.start = max(ALIGN_DOWN(addr, size), migrate.vma->vm_start);
	migrate.end = min(ALIGN_DOWN(addr, size) + size, migrate.vma->vm_end);
	migrate.src = arrays->src;
	migrate.dst = arrays->dst;
	migrate.pgmap_owner = dev;
	/* Existing pages stay, and no device has to unmap them. */
	migrate.flags = MIGRATE_VMA_SELECT_HOLE;

	ret = migrate_vma_setup(&migrate);
	if (!ret) {
		my_move_to_device(dev, &migrate);
		migrate_vma_pages(&migrate);
		migrate_vma_finalize(&migrate);
	}
unlock:
	mmap_read_unlock(mm);
	mmput(mm);
free:
	kvfree(arrays);
	return ret;
}

/* Migrates a part of a VMA. Sets *again if a retry may help. */
static int my_prefetch_part(struct my_device *dev, struct vm_area_struct *vma,
			    unsigned long start, unsigned long end,
			    struct my_arrays *arrays, bool *again)
{
	struct migrate_vma migrate = {
		.vma		= vma,
		.start		= start,
		.end		= end,
		.src		= arrays->src,
		.dst		= arrays->dst,
		.skip		= arrays->skip,
		.skip_nodes	= &dev->near,
		.pgmap_owner	= dev,
		/* Also swapped-out pages, and pages on another device */
		.flags		= MIGRATE_VMA_SELECT_SYSTEM |
				  MIGRATE_VMA_SKIP_NODES |
				  MIGRATE_VMA_REQ_FAULT |
				  MIGRATE_VMA_REPORT,
	};
	unsigned long i;
	int ret;

	ret = migrate_vma_setup(&migrate);
	if (ret)
		return ret;
	my_move_to_device(dev, &migrate);
	migrate_vma_pages(&migrate);
	for (i = 0; i < migrate.npages; i++) {
		switch (arrays->skip[i]) {
		case MIGRATE_SKIP_NO_PAGE:
			/* The device has no free page. */
		case MIGRATE_SKIP_HOLE:
		case MIGRATE_SKIP_SHARED:
			/* A hole and a shared page need hmm_range_fault(). */
			break;
		default:
			if (migrate_skip_retry(migrate.flags, arrays->skip[i]) !=
			    MIGRATE_RETRY_NEVER)
				*again = true;
		}
	}
	migrate_vma_finalize(&migrate);
	return 0;
}

/* Migrates a range to the device, and retries if a retry may help. */
int my_prefetch(struct my_device *dev, struct mm_struct *mm, unsigned long start,
		unsigned long end)
{
	struct vm_area_struct *vma;
	unsigned long addr, next;
	struct my_arrays *arrays;
	unsigned int tries = 0;
	bool again;
	int ret = 0;

	arrays = kvmalloc_obj(*arrays);
	if (!arrays)
		return -ENOMEM;
	if (!mmget_not_zero(mm)) {
		kvfree(arrays);
		return -EFAULT;
	}
	for (addr = start; !ret && addr < end; ) {
		again = false;
		mmap_read_lock(mm);
		vma = find_vma_intersection(mm, addr, end);
		if (!vma) {
			mmap_read_unlock(mm);
			break;
		}
		addr = max(addr, vma->vm_start);
		next = min3(end, vma->vm_end, addr + MY_PAGES * PAGE_SIZE);
		ret = my_prefetch_part(dev, vma, addr, next, arrays, &again);
		mmap_read_unlock(mm);
		/* This VMA cannot migrate; the next one may. */
		if (ret == -EINVAL)
			ret = 0;
		if (again && ++tries < MY_TRIES) {
			/* Without the lock the VMA may change: look it up again. */
			msleep(1 << tries);
			continue;
		}
		tries = 0;
		addr = next;
	}
	mmput(mm);
	kvfree(arrays);
	return ret;
}

/* Evicts the device's pages of a range. Returns -EBUSY if some pages remain. */
int my_evict(struct my_device *dev, struct mm_struct *mm, unsigned long start,
	     unsigned long end)
{
	struct migrate_vma migrate = { };
	struct my_arrays *arrays;
	unsigned long addr, i;
	bool left = false;
	int ret = 0;

	arrays = kvmalloc_obj(*arrays);
	if (!arrays)
		return -ENOMEM;
	if (!mmget_not_zero(mm)) {
		kvfree(arrays);
		return 0;
	}
	mmap_read_lock(mm);
	for (addr = start; !ret && addr < end; addr = migrate.end) {
		migrate = (struct migrate_vma) {
			.vma		= find_vma_intersection(mm, addr, end),
			.src		= arrays->src,
			.dst		= arrays->dst,
			.skip		= arrays->skip,
			.pgmap_owner	= dev,
			/* Only this device's pages: no holes, no other memory */
			.flags		= MIGRATE_VMA_SELECT_DEVICE_PRIVATE |
					  MIGRATE_VMA_REPORT,
		};
		if (!migrate.vma)
			break;
		migrate.start = max(addr, migrate.vma->vm_start);
		migrate.end = min3(end, migrate.vma->vm_end,
				   migrate.start + MY_PAGES * PAGE_SIZE);
		ret = migrate_vma_setup(&migrate);
		if (ret == -EINVAL) {
			/* This VMA cannot have device pages. */
			ret = 0;
			continue;
		}
		if (ret)
			break;
		for (i = 0; i < migrate.npages; i++) {
			struct page *page;

			if (!(migrate.src[i] & MIGRATE_PFN_MIGRATE))
				continue;
			page = alloc_page_vma(GFP_HIGHUSER_MOVABLE, migrate.vma,
					      migrate.start + i * PAGE_SIZE);
			if (!page)
				continue;
			lock_page(page);
			my_copy(dev, page, migrate_pfn_to_page(migrate.src[i]));
			migrate.dst[i] = migrate_pfn(page_to_pfn(page));
		}
		my_wait(dev);
		migrate_vma_pages(&migrate);
		/* A page was locked, or no system memory was free. */
		for (i = 0; i < migrate.npages; i++)
			if (migrate_skip_retry(migrate.flags, arrays->skip[i]) ==
			    MIGRATE_RETRY_AGAIN)
				left = true;
		migrate_vma_finalize(&migrate);
	}
	mmap_read_unlock(mm);
	mmput(mm);
	kvfree(arrays);
	return !ret && left ? -EBUSY : ret;
}
