/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Between hmm-bench and bench/select.c in the kernel */
#ifndef BENCH_SELECT_H
#define BENCH_SELECT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * @start: (in) where the range begins, a multiple of the page size
 * @npages: (in) how many pages it has
 * @node: (in) bring all system memory there; if negative, select device private
 *	  memory of an owner who has none, and bring nothing anywhere
 * @selected: (out) how many pages migrate_vma_setup() has collected
 * @moved: (out) how many have migrated
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
