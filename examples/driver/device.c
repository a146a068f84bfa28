// SPDX-License-Identifier: GPL-2.0
/*
 * A device without hardware, as a start for a driver: a page of system memory backs
 * each page of device private memory.  /dev/my_device takes the ioctls of driver_uapi.h.
 */
#include <linux/highmem.h>
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include "driver.h"
#include "driver_uapi.h"

/* 16 MiB, if a page has 4 KiB */
#define MY_DEVICE_PAGES	4096UL

static struct my_device my_device = {
	.lock = __SPIN_LOCK_UNLOCKED(my_device.lock),
};

/* The backing of a device page; @page itself if @page is system memory */
static struct page *my_memory(struct page *page)
{
	return is_device_private_page(page) ? page->zone_device_data : page;
}

/* Free pages are linked through zone_device_data. */
struct page *my_alloc_page(struct my_device *dev)
{
	struct page *backing = alloc_page(GFP_HIGHUSER);
	struct page *page;

	if (!backing)
		return NULL;
	spin_lock(&dev->lock);
	page = dev->free;
	if (page) {
		dev->free = page->zone_device_data;
		dev->used++;
	}
	spin_unlock(&dev->lock);
	if (!page) {
		__free_page(backing);
		return NULL;
	}
	zone_device_page_init(page, &dev->pagemap, 0);
	page->zone_device_data = backing;
	return page;
}

/* The thread that drops the last reference calls this, perhaps under its locks. */
static void my_folio_free(struct folio *folio)
{
	struct page *page = folio_page(folio, 0);
	struct my_device *dev = folio->pgmap->owner;

	__free_page(page->zone_device_data);
	spin_lock(&dev->lock);
	page->zone_device_data = dev->free;
	dev->free = page;
	dev->used--;
	spin_unlock(&dev->lock);
}

/* A driver for hardware starts its DMA engine here. */
void my_copy(struct my_device *dev, struct page *dst, struct page *src)
{
	if (src)
		copy_highpage(my_memory(dst), my_memory(src));
	else
		clear_highpage(my_memory(dst));
}

/* A driver for hardware waits for its DMA engine here. */
void my_wait(struct my_device *dev)
{
}

/* A CPU has touched a page of the device. */
static vm_fault_t my_migrate_to_ram(struct vm_fault *vmf)
{
	struct my_device *dev = page_pgmap(vmf->page)->owner;
	unsigned long src = 0, dst = 0;
	struct migrate_vma migrate = {
		.vma		= vmf->vma,
		.start		= vmf->address,
		.end		= vmf->address + PAGE_SIZE,
		.src		= &src,
		.dst		= &dst,
		.pgmap_owner	= dev,
		.fault_page	= vmf->page,
		.flags		= MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
	vm_fault_t ret = 0;
	struct page *page;

	if (migrate_vma_setup(&migrate))
		return VM_FAULT_SIGBUS;
	/* If the page is busy or has moved, the CPU repeats the fault. */
	if (src & MIGRATE_PFN_MIGRATE) {
		page = alloc_page_vma(GFP_HIGHUSER_MOVABLE, vmf->vma, vmf->address);
		if (page) {
			lock_page(page);
			my_copy(dev, page, migrate_pfn_to_page(src));
			my_wait(dev);
			dst = migrate_pfn(page_to_pfn(page));
		} else {
			ret = VM_FAULT_OOM;
		}
	}
	migrate_vma_pages(&migrate);
	migrate_vma_finalize(&migrate);
	return ret;
}

static const struct dev_pagemap_ops my_pagemap_ops = {
	.folio_free	= my_folio_free,
	.migrate_to_ram	= my_migrate_to_ram,
};

static long my_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct my_range range;

	if (cmd == MY_USED)
		return READ_ONCE(my_device.used);
	if (copy_from_user(&range, (void __user *)arg, sizeof(range)))
		return -EFAULT;
	if (range.start >= range.end || range.end > TASK_SIZE ||
	    !PAGE_ALIGNED(range.start | range.end))
		return -EINVAL;
	switch (cmd) {
	case MY_POPULATE:
		return my_populate(&my_device, current->mm, range.start);
	case MY_PREFETCH:
		return my_prefetch(&my_device, current->mm, range.start, range.end);
	case MY_EVICT:
		return my_evict(&my_device, current->mm, range.start, range.end);
	}
	return -ENOTTY;
}

/* .owner keeps the module loaded while the file is open. */
static const struct file_operations my_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= my_ioctl,
};

static struct miscdevice my_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "my_device",
	.fops	= &my_fops,
};

/* Processes may still use device pages: all must leave before the device does. */
static void my_evict_all(struct my_device *dev)
{
	unsigned long first = PHYS_PFN(dev->pagemap.range.start);
	unsigned long *src, *dst, i;

	src = kvcalloc(2 * MY_PAGES, sizeof(*src), GFP_KERNEL | __GFP_NOFAIL);
	dst = src + MY_PAGES;
	while (READ_ONCE(dev->used)) {
		for (unsigned long pfn = first; pfn < first + MY_DEVICE_PAGES; pfn += MY_PAGES) {
			memset(dst, 0, MY_PAGES * sizeof(*dst));
			migrate_device_range(src, pfn, MY_PAGES);
			for (i = 0; i < MY_PAGES; i++) {
				struct page *page;

				if (!(src[i] & MIGRATE_PFN_MIGRATE))
					continue;
				page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_NOFAIL);
				lock_page(page);
				my_copy(dev, page, migrate_pfn_to_page(src[i]));
				dst[i] = migrate_pfn(page_to_pfn(page));
			}
			my_wait(dev);
			migrate_device_pages(src, dst, MY_PAGES);
			migrate_device_finalize(src, dst, MY_PAGES);
		}
		cond_resched();
	}
	kvfree(src);
}

static int __init my_init(void)
{
	struct my_device *dev = &my_device;
	struct resource *res;
	unsigned long i;
	void *addr;
	int ret;

	res = request_free_mem_region(&iomem_resource, MY_DEVICE_PAGES * PAGE_SIZE,
				      "my_device");
	if (IS_ERR(res))
		return PTR_ERR(res);
	dev->pagemap.type = MEMORY_DEVICE_PRIVATE;
	dev->pagemap.range.start = res->start;
	dev->pagemap.range.end = res->end;
	dev->pagemap.nr_range = 1;
	dev->pagemap.ops = &my_pagemap_ops;
	dev->pagemap.owner = dev;
	addr = memremap_pages(&dev->pagemap, numa_node_id());
	if (IS_ERR(addr)) {
		ret = PTR_ERR(addr);
		goto release;
	}
	for (i = 0; i < MY_DEVICE_PAGES; i++) {
		struct page *page = pfn_to_page(PHYS_PFN(res->start) + i);

		page->zone_device_data = dev->free;
		dev->free = page;
	}
	ret = misc_register(&my_misc);
	if (!ret)
		return 0;
	memunmap_pages(&dev->pagemap);
release:
	release_mem_region(dev->pagemap.range.start, range_len(&dev->pagemap.range));
	return ret;
}

static void __exit my_exit(void)
{
	struct my_device *dev = &my_device;

	misc_deregister(&my_misc);
	my_evict_all(dev);
	memunmap_pages(&dev->pagemap);
	release_mem_region(dev->pagemap.range.start, range_len(&dev->pagemap.range));
}

module_init(my_init);
module_exit(my_exit);
MODULE_DESCRIPTION("A device without hardware, with the loops of docs/driver-authors.md");
MODULE_LICENSE("GPL");
