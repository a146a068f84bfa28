// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPUs in plain memory, for drm_pagemap and drm_gpusvm: see README.md.
 *
 * A driver brings memory, a copy engine, a page table and GPU faults. xe is the
 * model: one struct drm_pagemap for each GPU, in a cache with a shrinker, and a
 * common owner for GPUs that reach each other's memory.
 */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/huge_mm.h>
#include <linux/io.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_gpusvm.h>
#include <drm/drm_pagemap.h>
#include <drm/drm_pagemap_util.h>
#include "gpusim.h"

#define GPUSIM_SIZE	SZ_64M
#define GPUSIM_PAGES	(GPUSIM_SIZE >> PAGE_SHIFT)
/* A GPU fault that loses so many races fails */
#define GPUSIM_TRIES	1000

struct gpusim_gpu {
	struct drm_device		drm;
	struct platform_device		*pdev;
	struct drm_pagemap_cache	*cache;
	u8				*memory;
	spinlock_t			lock;	/* of the following three */
	unsigned long			*used;	/* a bit for each page */
	struct list_head		buffers;
	unsigned long			nbuffers;
	atomic_long_t			created;
	atomic_t			pagemaps;
	atomic_long_t			to_device;
	atomic_long_t			from_device;
};

/* The struct pages of a GPU's memory. They can go and come; the memory stays. */
struct gpusim_pagemap {
	struct drm_pagemap	dpagemap;
	struct dev_pagemap	pagemap;
	struct drm_pagemap_peer	peer;
	struct gpusim_gpu	*gpu;
	struct work_struct	destroy;
};

/* Contiguous memory of a GPU that belongs to one range of a process */
struct gpusim_buffer {
	struct drm_pagemap_devmem	devmem;
	struct gpusim_gpu		*gpu;
	unsigned long			first;
	unsigned long			npages;
	struct list_head		link;
	struct kref			ref;
};

/* A range of a process, with a mapping for each GPU */
struct gpusim_range {
	struct drm_gpusvm_range	base;
	struct drm_gpusvm_pages	pages[GPUSIM_GPUS];
	bool			writable[GPUSIM_GPUS];
	struct list_head	garbage;
};

/* The address space of a process on the GPUs */
struct gpusim_file {
	struct drm_gpusvm	svm;
	struct mutex		lock;		/* of the ranges */
	spinlock_t		garbage_lock;
	struct list_head	garbage;	/* ranges that munmap() has hit */
};

static struct gpusim_gpu *gpusim_gpus[GPUSIM_GPUS];
static struct workqueue_struct *gpusim_wq;
static DRM_PAGEMAP_OWNER_LIST_DEFINE(gpusim_owners);
static atomic_t gpusim_fail_to_device, gpusim_fail_from_device;

static struct gpusim_pagemap *gpusim_page_to_pagemap(struct page *page)
{
	return container_of(page_pgmap(page), struct gpusim_pagemap, pagemap);
}

static u8 *gpusim_page_to_memory(struct page *page)
{
	struct gpusim_pagemap *map = gpusim_page_to_pagemap(page);

	return map->gpu->memory + (page_to_phys(page) - map->pagemap.range.start);
}

/* Without an IOMMU a DMA address is a physical one; a peer's is a kernel address */
static u8 *gpusim_addr_to_memory(const struct drm_pagemap_addr *addr)
{
	return addr->proto == DRM_INTERCONNECT_SYSTEM ?
	       phys_to_virt(addr->addr) : (u8 *)(uintptr_t)addr->addr;
}

/* --- the copy engine */

static bool gpusim_fails(atomic_t *nth)
{
	return atomic_dec_if_positive(nth) == 0;
}

static int gpusim_copy(struct page **pages, struct drm_pagemap_addr *addr,
		       unsigned long npages, bool to_device)
{
	unsigned long i;

	if (gpusim_fails(to_device ? &gpusim_fail_to_device :
				     &gpusim_fail_from_device))
		return -EIO;
	for (i = 0; i < npages; i += 1UL << addr[i].order) {
		struct gpusim_gpu *gpu;
		u8 *memory, *other;

		if (!pages[i] || !addr[i].addr)
			continue;
		gpu = gpusim_page_to_pagemap(pages[i])->gpu;
		memory = gpusim_page_to_memory(pages[i]);
		other = gpusim_addr_to_memory(&addr[i]);
		memcpy(to_device ? memory : other, to_device ? other : memory,
		       PAGE_SIZE << addr[i].order);
		atomic_long_add(1UL << addr[i].order, to_device ?
				&gpu->to_device : &gpu->from_device);
	}
	return 0;
}

static int gpusim_copy_to_device(struct page **pages,
				 struct drm_pagemap_addr *addr,
				 unsigned long npages, struct dma_fence *fence)
{
	return gpusim_copy(pages, addr, npages, true);
}

/* To system memory, or to a peer */
static int gpusim_copy_from_device(struct page **pages,
				   struct drm_pagemap_addr *addr,
				   unsigned long npages, struct dma_fence *fence)
{
	return gpusim_copy(pages, addr, npages, false);
}

/* --- buffers */

static void gpusim_buffer_free(struct kref *ref)
{
	struct gpusim_buffer *buffer = container_of(ref, struct gpusim_buffer, ref);
	struct mm_struct *mm = buffer->devmem.mm;
	struct gpusim_gpu *gpu = buffer->gpu;
	unsigned long flags;

	/* Freed pages of a process drop the last reference, maybe in an interrupt */
	spin_lock_irqsave(&gpu->lock, flags);
	bitmap_clear(gpu->used, buffer->first, buffer->npages);
	list_del_init(&buffer->link);
	gpu->nbuffers--;
	spin_unlock_irqrestore(&gpu->lock, flags);
	kfree(buffer);
	mmdrop(mm);
}

static const struct drm_pagemap_devmem_ops gpusim_devmem_ops;

static struct gpusim_buffer *gpusim_buffer_new(struct drm_pagemap *dpagemap,
					       struct mm_struct *mm,
					       unsigned long npages)
{
	struct gpusim_gpu *gpu = container_of(dpagemap, struct gpusim_pagemap,
					      dpagemap)->gpu;
	/* Huge pages of the device have the alignment of other huge pages */
	unsigned long mask = npages < HPAGE_PMD_NR ? 0 : HPAGE_PMD_NR - 1;
	struct gpusim_buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);

	if (!buffer)
		return ERR_PTR(-ENOMEM);
	kref_init(&buffer->ref);
	buffer->gpu = gpu;
	buffer->npages = npages;
	/* An eviction can find the buffer as soon as it is in the list */
	drm_pagemap_devmem_init(&buffer->devmem, gpu->drm.dev, mm,
				&gpusim_devmem_ops, dpagemap,
				npages << PAGE_SHIFT, NULL);
	spin_lock_irq(&gpu->lock);
	buffer->first = bitmap_find_next_zero_area(gpu->used, GPUSIM_PAGES, 0,
						   npages, mask);
	if (buffer->first >= GPUSIM_PAGES) {
		spin_unlock_irq(&gpu->lock);
		kfree(buffer);
		return ERR_PTR(-ENOSPC);
	}
	bitmap_set(gpu->used, buffer->first, npages);
	list_add_tail(&buffer->link, &gpu->buffers);
	gpu->nbuffers++;
	mmgrab(mm);
	spin_unlock_irq(&gpu->lock);
	/* drm_pagemap copies no holes: they read as zero, as with xe */
	memset(gpu->memory + buffer->first * PAGE_SIZE, 0, npages * PAGE_SIZE);
	return buffer;
}

static int gpusim_populate_pfn(struct drm_pagemap_devmem *devmem,
			       unsigned long npages, unsigned long *pfn)
{
	struct gpusim_buffer *buffer = container_of(devmem, struct gpusim_buffer,
						    devmem);
	unsigned long i, first = PHYS_PFN(devmem->dpagemap->pagemap->range.start) +
				 buffer->first;

	if (npages > buffer->npages)
		return -EINVAL;
	for (i = 0; i < npages; i++)
		pfn[i] = first + i;
	return 0;
}

static void gpusim_buffer_release(struct drm_pagemap_devmem *devmem)
{
	struct gpusim_buffer *buffer = container_of(devmem, struct gpusim_buffer,
						    devmem);

	kref_put(&buffer->ref, gpusim_buffer_free);
}

static const struct drm_pagemap_devmem_ops gpusim_devmem_ops = {
	.devmem_release		= gpusim_buffer_release,
	.populate_devmem_pfn	= gpusim_populate_pfn,
	.copy_to_devmem		= gpusim_copy_to_device,
	.copy_to_ram		= gpusim_copy_from_device,
};

/* The caller holds the mmap_lock of @mm */
static int gpusim_populate(struct drm_pagemap *dpagemap, unsigned long start,
			   unsigned long end, struct mm_struct *mm,
			   const struct drm_pagemap_migrate_details *details)
{
	struct gpusim_buffer *buffer;

	if (start >= end || !PAGE_ALIGNED(start) || !PAGE_ALIGNED(end) ||
	    end - start > GPUSIM_SIZE)
		return -EINVAL;
	buffer = gpusim_buffer_new(dpagemap, mm, (end - start) >> PAGE_SHIFT);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	/* The reference is drm_pagemap's from here on, also if the call fails */
	return drm_pagemap_migrate_to_devmem(&buffer->devmem, mm, start, end,
					     details);
}

static int gpusim_populate_mm(struct drm_pagemap *dpagemap, unsigned long start,
			      unsigned long end, struct mm_struct *mm,
			      unsigned long timeslice_ms)
{
	struct drm_pagemap_migrate_details details = {
		.timeslice_ms = timeslice_ms,
		.can_migrate_same_pagemap = 1,
	};

	return gpusim_populate(dpagemap, start, end, mm, &details);
}

/* Bring the content of all buffers to system memory */
static int gpusim_evict(struct gpusim_gpu *gpu)
{
	struct gpusim_buffer *buffer;
	LIST_HEAD(busy);
	int ret = 0, err;

	for (;;) {
		spin_lock_irq(&gpu->lock);
		buffer = list_first_entry_or_null(&gpu->buffers,
						  struct gpusim_buffer, link);
		if (!buffer)
			break;
		if (!kref_get_unless_zero(&buffer->ref)) {
			/* gpusim_buffer_free() waits for the lock */
			spin_unlock_irq(&gpu->lock);
			cond_resched();
			continue;
		}
		list_move(&buffer->link, &busy);
		spin_unlock_irq(&gpu->lock);
		err = drm_pagemap_evict_to_ram(&buffer->devmem);
		ret = ret ?: err;
		kref_put(&buffer->ref, gpusim_buffer_free);
	}
	list_splice(&busy, &gpu->buffers);
	spin_unlock_irq(&gpu->lock);
	return ret;
}

/* --- struct pages of a GPU's memory */

static struct drm_pagemap_addr gpusim_device_map(struct drm_pagemap *dpagemap,
						 struct device *dev,
						 struct page *page,
						 unsigned int order,
						 enum dma_data_direction dir)
{
	return drm_pagemap_addr_encode((uintptr_t)gpusim_page_to_memory(page),
				       DRM_INTERCONNECT_DRIVER, order, dir);
}

static void gpusim_device_unmap(struct drm_pagemap *dpagemap, struct device *dev,
				const struct drm_pagemap_addr *addr)
{
}

static void gpusim_pagemap_destroy_work(struct work_struct *work)
{
	struct gpusim_pagemap *map = container_of(work, struct gpusim_pagemap,
						  destroy);
	struct gpusim_gpu *gpu = map->gpu;
	struct device *dev = gpu->drm.dev;

	/* With the device, devres has released the pages already */
	if (!gpu->drm.unplugged) {
		devm_memunmap_pages(dev, &map->pagemap);
		devm_release_mem_region(dev, map->pagemap.range.start,
					range_len(&map->pagemap.range));
	}
	drm_pagemap_release_owner(&map->peer);
	kfree(map);
	atomic_dec(&gpu->pagemaps);
}

static void gpusim_pagemap_destroy(struct drm_pagemap *dpagemap,
				   bool is_atomic_or_reclaim)
{
	struct gpusim_pagemap *map = container_of(dpagemap, struct gpusim_pagemap,
						  dpagemap);

	if (is_atomic_or_reclaim)
		queue_work(gpusim_wq, &map->destroy);
	else
		gpusim_pagemap_destroy_work(&map->destroy);
}

static const struct drm_pagemap_ops gpusim_pagemap_ops = {
	.device_map	= gpusim_device_map,
	.device_unmap	= gpusim_device_unmap,
	.populate_mm	= gpusim_populate_mm,
	.destroy	= gpusim_pagemap_destroy,
};

static bool gpusim_has_interconnect(struct drm_pagemap_peer *a,
				    struct drm_pagemap_peer *b)
{
	return true;
}

static struct drm_pagemap *gpusim_pagemap_new(struct gpusim_gpu *gpu)
{
	struct gpusim_pagemap *map = kzalloc(sizeof(*map), GFP_KERNEL);
	struct device *dev = gpu->drm.dev;
	struct resource *res;
	void *addr;
	int err;

	if (!map)
		return ERR_PTR(-ENOMEM);
	map->gpu = gpu;
	INIT_WORK(&map->destroy, gpusim_pagemap_destroy_work);
	res = devm_request_free_mem_region(dev, &iomem_resource, GPUSIM_SIZE);
	if (IS_ERR(res)) {
		err = PTR_ERR(res);
		goto free;
	}
	err = drm_pagemap_acquire_owner(&map->peer, &gpusim_owners,
					gpusim_has_interconnect);
	if (err)
		goto region;
	map->pagemap.type = MEMORY_DEVICE_PRIVATE;
	map->pagemap.range.start = res->start;
	map->pagemap.range.end = res->end;
	map->pagemap.nr_range = 1;
	map->pagemap.owner = map->peer.owner;
	map->pagemap.ops = drm_pagemap_pagemap_ops_get();
	addr = devm_memremap_pages(dev, &map->pagemap);
	if (IS_ERR(addr)) {
		err = PTR_ERR(addr);
		goto owner;
	}
	err = drm_pagemap_init(&map->dpagemap, &map->pagemap, &gpu->drm,
			       &gpusim_pagemap_ops);
	if (err)
		goto pages;
	atomic_inc(&gpu->pagemaps);
	atomic_long_inc(&gpu->created);
	return &map->dpagemap;
pages:
	devm_memunmap_pages(dev, &map->pagemap);
owner:
	drm_pagemap_release_owner(&map->peer);
region:
	devm_release_mem_region(dev, res->start, resource_size(res));
free:
	kfree(map);
	return ERR_PTR(err);
}

/* Returns: the GPU's pagemap, with a reference for the caller */
static struct drm_pagemap *gpusim_pagemap_get(struct gpusim_gpu *gpu)
{
	struct drm_pagemap *dpagemap;
	int err = drm_pagemap_cache_lock_lookup(gpu->cache);

	if (err)
		return ERR_PTR(err);
	dpagemap = drm_pagemap_get_from_cache(gpu->cache);
	if (!dpagemap) {
		dpagemap = gpusim_pagemap_new(gpu);
		if (!IS_ERR(dpagemap))
			drm_pagemap_cache_set_pagemap(gpu->cache, dpagemap);
	}
	drm_pagemap_cache_unlock_lookup(gpu->cache);
	return dpagemap;
}

/* --- the address space of a process on the GPUs */

static struct gpusim_range *gpusim_to_range(struct drm_gpusvm_range *base)
{
	return container_of(base, struct gpusim_range, base);
}

static unsigned long gpusim_range_pages(struct drm_gpusvm_range *base)
{
	return drm_gpusvm_range_size(base) >> PAGE_SHIFT;
}

static struct drm_gpusvm_range *gpusim_range_alloc(struct drm_gpusvm *svm)
{
	struct gpusim_range *range = kzalloc(sizeof(*range), GFP_KERNEL);
	int i;

	if (!range)
		return NULL;
	INIT_LIST_HEAD(&range->garbage);
	for (i = 0; i < GPUSIM_GPUS; i++)
		drm_gpusvm_init_pages(&range->pages[i], &gpusim_gpus[i]->drm);
	return &range->base;
}

static void gpusim_range_free(struct drm_gpusvm_range *base)
{
	struct gpusim_range *range = gpusim_to_range(base);
	int i;

	for (i = 0; i < GPUSIM_GPUS; i++)
		drm_gpusvm_free_pages(base->gpusvm, &range->pages[i],
				      gpusim_range_pages(base));
	kfree(range);
}

static void gpusim_range_unmap(struct drm_gpusvm_range *base,
			       const struct drm_gpusvm_ctx *ctx)
{
	struct gpusim_range *range = gpusim_to_range(base);
	int i;

	for (i = 0; i < GPUSIM_GPUS; i++) {
		drm_gpusvm_unmap_pages(base->gpusvm, &range->pages[i],
				       gpusim_range_pages(base), ctx);
		WRITE_ONCE(range->writable[i], false);
	}
}

static void gpusim_invalidate(struct drm_gpusvm *svm,
			      struct drm_gpusvm_notifier *notifier,
			      const struct mmu_notifier_range *mmu)
{
	struct gpusim_file *file = container_of(svm, struct gpusim_file, svm);
	const struct drm_gpusvm_ctx ctx = { .in_notifier = true };
	struct drm_gpusvm_range *base = NULL;

	drm_gpusvm_for_each_range(base, notifier, mmu->start, mmu->end) {
		struct gpusim_range *range = gpusim_to_range(base);

		gpusim_range_unmap(base, &ctx);
		if (mmu->event != MMU_NOTIFY_UNMAP)
			continue;
		drm_gpusvm_range_set_unmapped(base, range->pages, GPUSIM_GPUS, mmu);
		spin_lock(&file->garbage_lock);
		if (list_empty(&range->garbage))
			list_add_tail(&range->garbage, &file->garbage);
		spin_unlock(&file->garbage_lock);
	}
}

static const struct drm_gpusvm_ops gpusim_svm_ops = {
	.range_alloc	= gpusim_range_alloc,
	.range_free	= gpusim_range_free,
	.invalidate	= gpusim_invalidate,
};

/* Remove ranges that munmap() has hit; the caller holds file->lock */
static void gpusim_collect_garbage(struct gpusim_file *file)
{
	const struct drm_gpusvm_ctx ctx = {};
	struct gpusim_range *range;

	for (;;) {
		spin_lock(&file->garbage_lock);
		range = list_first_entry_or_null(&file->garbage,
						 struct gpusim_range, garbage);
		if (range)
			list_del_init(&range->garbage);
		spin_unlock(&file->garbage_lock);
		if (!range)
			return;
		if (range->base.flags.partial_unmap)
			drm_gpusvm_range_evict(&file->svm, &range->base);
		gpusim_range_unmap(&range->base, &ctx);
		drm_gpusvm_range_remove(&file->svm, &range->base);
	}
}

/* Access [start, end) through a mapping that is valid */
static void gpusim_access_range(struct gpusim_access *a,
				struct gpusim_range *range, unsigned long start,
				unsigned long end, u8 *buffer)
{
	const struct gpusim_gpu *gpu = gpusim_gpus[a->gpu];
	unsigned long at = drm_gpusvm_range_start(&range->base), from, to, n, i;
	const struct drm_pagemap_addr *addr = range->pages[a->gpu].dma_addr;

	/* drm_gpusvm numbers the mappings, not the pages */
	for (i = 0; at < end; at += n, i++) {
		u8 *memory = gpusim_addr_to_memory(&addr[i]);

		n = PAGE_SIZE << addr[i].order;
		from = max(start, at);
		to = min(end, at + n);
		if (from >= to)
			continue;
		if (addr[i].proto != DRM_INTERCONNECT_DRIVER)
			;
		else if (memory >= gpu->memory &&
			 memory < gpu->memory + GPUSIM_SIZE)
			a->local += DIV_ROUND_UP(to - from, PAGE_SIZE);
		else
			a->remote += DIV_ROUND_UP(to - from, PAGE_SIZE);
		if (a->write)
			memcpy(memory + (from - at), buffer + (from - start),
			       to - from);
		else
			memcpy(buffer + (from - start), memory + (from - at),
			       to - from);
	}
}

/* Read or write, with a fault where the GPU has no mapping */
static int gpusim_gpu_access(struct gpusim_file *file, struct gpusim_access *a,
			     struct drm_pagemap *dpagemap, u8 *buffer)
{
	const struct drm_gpusvm_ctx ctx = {
		.device_private_page_owner = dpagemap->pagemap->owner,
		.read_only = !a->write,
		.devmem_possible = true,
		.allow_mixed = true,
		/* Check that larger ranges have been touched, as xe does */
		.check_pages_threshold = SZ_64K,
	};
	unsigned long at = a->start, end = a->start + a->size, to;
	unsigned int tries = GPUSIM_TRIES;
	int err = 0;

	mutex_lock(&file->lock);
	while (at < end) {
		struct drm_gpusvm_range *base;
		struct drm_gpusvm_pages *pages;
		struct gpusim_range *range;

		gpusim_collect_garbage(file);
		base = drm_gpusvm_range_find_or_insert(&file->svm, at, 0,
						       TASK_SIZE, &ctx);
		if (IS_ERR(base)) {
			err = PTR_ERR(base);
			break;
		}
		range = gpusim_to_range(base);
		pages = &range->pages[a->gpu];
		/* The GPU can also reach memory that stays where it is */
		if (a->migrate && base->flags.migrate_devmem)
			drm_pagemap_populate_mm(dpagemap,
						drm_gpusvm_range_start(base),
						drm_gpusvm_range_end(base),
						file->svm.mm, 0);
		/* A mapping for reads does not do for a write */
		if (a->write && !READ_ONCE(range->writable[a->gpu]))
			gpusim_range_unmap(base, &(struct drm_gpusvm_ctx){});
		err = drm_gpusvm_get_pages(&file->svm, pages, file->svm.mm,
					   &base->notifier->notifier,
					   drm_gpusvm_range_start(base),
					   drm_gpusvm_range_end(base), &ctx);
		if (!err) {
			to = min(end, drm_gpusvm_range_end(base));
			drm_gpusvm_notifier_lock(&file->svm);
			if (drm_gpusvm_pages_valid(&file->svm, pages)) {
				if (a->write)
					WRITE_ONCE(range->writable[a->gpu], true);
				gpusim_access_range(a, range, at, to,
						    buffer + (at - a->start));
				at = to;
			}
			drm_gpusvm_notifier_unlock(&file->svm);
			continue;
		}
		if (err == -EOPNOTSUPP)
			drm_gpusvm_range_evict(&file->svm, base);
		else if (err != -EFAULT && err != -EPERM)
			break;
		/* The process may have changed its memory meanwhile */
		if (!tries--)
			break;
		cond_resched();
	}
	mutex_unlock(&file->lock);
	return err;
}

/* --- /dev/gpusim */

static long gpusim_ioctl_migrate(const struct gpusim_migrate *migrate)
{
	const struct drm_pagemap_migrate_details details = {
		.timeslice_ms = migrate->timeslice_ms,
		.can_migrate_same_pagemap = !!migrate->same_pagemap,
	};
	struct mm_struct *mm = current->mm;
	struct drm_pagemap *dpagemap;
	long ret;

	if (migrate->gpu >= GPUSIM_GPUS)
		return -EINVAL;
	dpagemap = gpusim_pagemap_get(gpusim_gpus[migrate->gpu]);
	if (IS_ERR(dpagemap))
		return PTR_ERR(dpagemap);
	mmap_read_lock(mm);
	ret = gpusim_populate(dpagemap, migrate->start, migrate->end, mm, &details);
	mmap_read_unlock(mm);
	drm_pagemap_put(dpagemap);
	return ret;
}

static long gpusim_ioctl_access(struct gpusim_file *file, struct gpusim_access *a)
{
	void __user *user = u64_to_user_ptr(a->buffer);
	struct drm_pagemap *dpagemap;
	u8 *buffer;
	long ret;

	if (a->gpu >= GPUSIM_GPUS || !a->size || a->size > GPUSIM_SIZE ||
	    a->start > TASK_SIZE - a->size)
		return -EINVAL;
	buffer = kvmalloc(a->size, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	dpagemap = gpusim_pagemap_get(gpusim_gpus[a->gpu]);
	if (IS_ERR(dpagemap)) {
		ret = PTR_ERR(dpagemap);
		goto out;
	}
	a->local = 0;
	a->remote = 0;
	ret = a->write && copy_from_user(buffer, user, a->size) ? -EFAULT : 0;
	if (!ret)
		ret = gpusim_gpu_access(file, a, dpagemap, buffer);
	if (!ret && !a->write && copy_to_user(user, buffer, a->size))
		ret = -EFAULT;
	drm_pagemap_put(dpagemap);
out:
	kvfree(buffer);
	return ret;
}

static long gpusim_ioctl_counts(struct gpusim_counts *counts)
{
	struct gpusim_gpu *gpu;

	if (counts->gpu >= GPUSIM_GPUS)
		return -EINVAL;
	gpu = gpusim_gpus[counts->gpu];
	spin_lock_irq(&gpu->lock);
	counts->pages = bitmap_weight(gpu->used, GPUSIM_PAGES);
	counts->buffers = gpu->nbuffers;
	spin_unlock_irq(&gpu->lock);
	counts->pagemaps = atomic_read(&gpu->pagemaps);
	counts->created = atomic_long_read(&gpu->created);
	counts->to_device = atomic_long_read(&gpu->to_device);
	counts->from_device = atomic_long_read(&gpu->from_device);
	return 0;
}

static long gpusim_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	union {
		struct gpusim_migrate	migrate;
		struct gpusim_access	access;
		struct gpusim_counts	counts;
		struct gpusim_fail	fail;
	} u;
	long ret = 0;

	if (cmd == GPUSIM_EVICT)
		return arg < GPUSIM_GPUS ? gpusim_evict(gpusim_gpus[arg]) : -EINVAL;
	if (_IOC_SIZE(cmd) > sizeof(u))
		return -ENOTTY;
	if (copy_from_user(&u, user, _IOC_SIZE(cmd)))
		return -EFAULT;
	switch (cmd) {
	case GPUSIM_MIGRATE:
		return gpusim_ioctl_migrate(&u.migrate);
	case GPUSIM_ACCESS:
		ret = gpusim_ioctl_access(filp->private_data, &u.access);
		break;
	case GPUSIM_COUNTS:
		ret = gpusim_ioctl_counts(&u.counts);
		break;
	case GPUSIM_FAIL:
		atomic_set(&gpusim_fail_to_device, u.fail.to_device);
		atomic_set(&gpusim_fail_from_device, u.fail.from_device);
		break;
	default:
		return -ENOTTY;
	}
	if (!ret && _IOC_DIR(cmd) & _IOC_READ &&
	    copy_to_user(user, &u, _IOC_SIZE(cmd)))
		ret = -EFAULT;
	return ret;
}

static int gpusim_open(struct inode *inode, struct file *filp)
{
	static const unsigned long chunks[] = { SZ_2M, SZ_64K, SZ_4K };
	struct gpusim_file *file = kzalloc(sizeof(*file), GFP_KERNEL);
	int err;

	if (!file)
		return -ENOMEM;
	mutex_init(&file->lock);
	spin_lock_init(&file->garbage_lock);
	INIT_LIST_HEAD(&file->garbage);
	err = drm_gpusvm_init(&file->svm, "gpusim", current->mm, 0, TASK_SIZE,
			      SZ_512M, &gpusim_svm_ops, chunks,
			      ARRAY_SIZE(chunks));
	if (err) {
		kfree(file);
		return err;
	}
	drm_gpusvm_driver_set_lock(&file->svm, &file->lock);
	filp->private_data = file;
	return 0;
}

static int gpusim_release(struct inode *inode, struct file *filp)
{
	struct gpusim_file *file = filp->private_data;
	struct drm_gpusvm_notifier *notifier, *next;
	const struct drm_gpusvm_ctx ctx = {};

	mutex_lock(&file->lock);
	gpusim_collect_garbage(file);
	drm_gpusvm_for_each_notifier_safe(notifier, next, &file->svm, 0, LONG_MAX) {
		struct drm_gpusvm_range *base, *n;

		drm_gpusvm_for_each_range_safe(base, n, notifier, 0, LONG_MAX)
			gpusim_range_unmap(base, &ctx);
	}
	drm_gpusvm_fini(&file->svm);
	mutex_unlock(&file->lock);
	kfree(file);
	return 0;
}

static const struct file_operations gpusim_fops = {
	.owner		= THIS_MODULE,
	.open		= gpusim_open,
	.release	= gpusim_release,
	.unlocked_ioctl	= gpusim_ioctl,
};

static struct miscdevice gpusim_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "gpusim",
	.fops	= &gpusim_fops,
};

/* --- the GPUs */

/* Without an owner: a pagemap would hold the module, which then could not go */
static const struct file_operations gpusim_drm_fops = {};

static const struct drm_driver gpusim_driver = {
	.name	= "gpusim",
	.desc	= "GPU in plain memory",
	.fops	= &gpusim_drm_fops,
};

static void gpusim_gpu_free(struct gpusim_gpu *gpu)
{
	vfree(gpu->memory);
	bitmap_free(gpu->used);
	kfree(gpu);
}

static struct gpusim_gpu *gpusim_gpu_new(int id)
{
	struct gpusim_gpu *gpu = kzalloc(sizeof(*gpu), GFP_KERNEL);
	struct drm_pagemap_shrinker *shrinker;
	int err = -ENOMEM;

	if (!gpu)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&gpu->lock);
	INIT_LIST_HEAD(&gpu->buffers);
	gpu->memory = vzalloc(GPUSIM_SIZE);
	gpu->used = bitmap_zalloc(GPUSIM_PAGES, GFP_KERNEL);
	if (!gpu->memory || !gpu->used)
		goto free;
	gpu->pdev = platform_device_register_simple("gpusim", id, NULL, 0);
	if (IS_ERR(gpu->pdev)) {
		err = PTR_ERR(gpu->pdev);
		goto free;
	}
	kref_init(&gpu->drm.ref);
	gpu->drm.dev = &gpu->pdev->dev;
	gpu->drm.driver = &gpusim_driver;
	gpu->drm.unique = (char *)dev_name(gpu->drm.dev);
	err = dma_coerce_mask_and_coherent(gpu->drm.dev, DMA_BIT_MASK(64));
	if (err)
		goto unregister;
	shrinker = drm_pagemap_shrinker_create_devm(&gpu->drm);
	if (IS_ERR(shrinker)) {
		err = PTR_ERR(shrinker);
		goto unregister;
	}
	gpu->cache = drm_pagemap_cache_create_devm(shrinker);
	if (!IS_ERR(gpu->cache))
		return gpu;
	err = PTR_ERR(gpu->cache);
unregister:
	platform_device_unregister(gpu->pdev);
free:
	gpusim_gpu_free(gpu);
	return ERR_PTR(err);
}

/* No file is open, so that no process can migrate memory to the GPU */
static void gpusim_gpu_remove(struct gpusim_gpu *gpu)
{
	unsigned int tries;

	gpusim_evict(gpu);
	gpu->drm.unplugged = true;
	platform_device_unregister(gpu->pdev);
	/* drm_pagemap puts its references in a work item */
	for (tries = 0; tries < 1000 && (kref_read(&gpu->drm.ref) > 1 ||
					 atomic_read(&gpu->pagemaps)); tries++)
		msleep(20);
	WARN_ON(kref_read(&gpu->drm.ref) > 1 || atomic_read(&gpu->pagemaps) ||
		gpu->nbuffers);
	gpusim_gpu_free(gpu);
}

static int __init gpusim_init(void)
{
	int i, err;

	gpusim_wq = alloc_workqueue("gpusim", WQ_UNBOUND, 0);
	if (!gpusim_wq)
		return -ENOMEM;
	for (i = 0; i < GPUSIM_GPUS; i++) {
		gpusim_gpus[i] = gpusim_gpu_new(i);
		if (IS_ERR(gpusim_gpus[i])) {
			err = PTR_ERR(gpusim_gpus[i]);
			goto remove;
		}
	}
	err = misc_register(&gpusim_misc);
	if (!err)
		return 0;
remove:
	while (i--)
		gpusim_gpu_remove(gpusim_gpus[i]);
	destroy_workqueue(gpusim_wq);
	return err;
}

static void __exit gpusim_exit(void)
{
	int i;

	misc_deregister(&gpusim_misc);
	for (i = 0; i < GPUSIM_GPUS; i++)
		gpusim_gpu_remove(gpusim_gpus[i]);
	destroy_workqueue(gpusim_wq);
}

module_init(gpusim_init);
module_exit(gpusim_exit);
MODULE_DESCRIPTION("GPUs in plain memory, to test drm_pagemap and drm_gpusvm");
MODULE_LICENSE("GPL");
