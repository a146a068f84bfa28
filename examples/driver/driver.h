/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DRIVER_H
#define DRIVER_H

#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/spinlock.h>

/* At once: 2 MiB with small pages */
#define MY_PAGES	512UL
#define MY_TRIES	4

struct my_device {
	struct dev_pagemap	pagemap;
	nodemask_t		near;	/* memory that it reaches as fast as its own */
	spinlock_t		lock;	/* of what follows */
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
/* Has the device copy a page, or clear it if @src is NULL */
void my_copy(struct my_device *dev, struct page *dst, struct page *src);
/* Until it is done with that */
void my_wait(struct my_device *dev);

int my_populate(struct my_device *dev, struct mm_struct *mm, unsigned long addr);
int my_prefetch(struct my_device *dev, struct mm_struct *mm, unsigned long start,
		unsigned long end);
int my_evict(struct my_device *dev, struct mm_struct *mm, unsigned long start,
	     unsigned long end);

#endif
