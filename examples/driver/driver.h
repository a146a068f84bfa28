/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DRIVER_H
#define DRIVER_H

#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/spinlock.h>

/* Pages of one call of migrate_vma_setup(): 2 MiB, if a page has 4 KiB */
#define MY_PAGES	512UL
#define MY_TRIES	4

struct my_device {
	struct dev_pagemap	pagemap;
	nodemask_t		near;	/* pages on these nodes stay; empty here */
	spinlock_t		lock;	/* protects the fields below */
	struct page		*free;
	unsigned long		used;	/* pages */
};

/* For one call of migrate_vma_setup() */
struct my_arrays {
	unsigned long		src[MY_PAGES];
	unsigned long		dst[MY_PAGES];
	u8			skip[MY_PAGES];
};

/* A free page of the device's memory, locked and with one reference, or NULL */
struct page *my_alloc_page(struct my_device *dev);
/* Starts to copy @src to @dst, or to clear @dst if @src is NULL */
void my_copy(struct my_device *dev, struct page *dst, struct page *src);
/* Waits until the device has finished all copies */
void my_wait(struct my_device *dev);

int my_populate(struct my_device *dev, struct mm_struct *mm, unsigned long addr);
int my_prefetch(struct my_device *dev, struct mm_struct *mm, unsigned long start,
		unsigned long end);
int my_evict(struct my_device *dev, struct mm_struct *mm, unsigned long start,
	     unsigned long end);

#endif
