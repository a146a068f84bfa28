// SPDX-License-Identifier: GPL-2.0
/* A device that is not there: it has no memory to give away. */
#include <linux/module.h>
#include "driver.h"

struct page *my_alloc_page(struct my_device *dev)
{
	return NULL;
}

void my_copy(struct my_device *dev, struct page *dst, struct page *src)
{
}

void my_wait(struct my_device *dev)
{
}

MODULE_DESCRIPTION("The loops of docs/driver-authors.md");
MODULE_LICENSE("GPL");
