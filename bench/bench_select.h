/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* The interface between hmm-bench and bench/select.c in the kernel */
#ifndef BENCH_SELECT_H
#define BENCH_SELECT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * @start: (in) start of the range, a multiple of the page size
 * @npages: (in) number of pages in the range
 * @node: (in) target node for all system memory; if negative, select device private
 *	  memory of an owner without any, and move nothing
 * @selected: (out) number of pages that migrate_vma_setup() has collected
 * @moved: (out) number of pages that have migrated
 */
struct bench_select {
	__u64	start;
	__u64	npages;
	__s64	node;
	__u64	selected;
	__u64	moved;
};

#define BENCH_SELECT	_IOWR('B', 0x00, struct bench_select)

#endif
