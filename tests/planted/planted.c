// SPDX-License-Identifier: GPL-2.0
/* Makes one planted mistake, which the debug kernel must report. */
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *what = "";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "which mistake: freed, beyond, order, sleep, list, page, leak");

static DEFINE_SPINLOCK(lock);
static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static void use_freed(void)
{
	int *p = kmalloc(sizeof(*p), GFP_KERNEL);

	kfree(p);
	WRITE_ONCE(*p, 1);
}

static void use_beyond(void)
{
	char *p = kmalloc(100, GFP_KERNEL);

	WRITE_ONCE(p[100], 1);
	kfree(p);
}

static void lock_in_two_orders(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void sleep_under_a_spinlock(void)
{
	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static void add_to_a_list_twice(void)
{
	LIST_HEAD(head);
	struct list_head entry;

	list_add(&entry, &head);
	list_add(&entry, &head);
}

static void put_a_page_twice(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	__free_page(page);
	put_page(page);
}

static void forget_memory(void)
{
	kmalloc(1000, GFP_KERNEL);
}

static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	{ "freed", use_freed },
	{ "beyond", use_beyond },
	{ "order", lock_in_two_orders },
	{ "sleep", sleep_under_a_spinlock },
	{ "list", add_to_a_list_twice },
	{ "page", put_a_page_twice },
	{ "leak", forget_memory },
};

static int __init planted_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		if (!strcmp(what, mistakes[i].name)) {
			mistakes[i].make();
			return 0;
		}
	}
	return strcmp(what, "nothing") ? -EINVAL : 0;
}

static void __exit planted_exit(void) {}

module_init(planted_init);
module_exit(planted_exit);
MODULE_LICENSE("GPL");
