/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef DRIVER_UAPI_H
#define DRIVER_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Addresses of the caller's, in whole pages; the end is the first byte after it. */
struct my_range {
	__u64	start;
	__u64	end;
};

/* The 2 MiB that @start is in; the others take all of the range. */
#define MY_POPULATE	_IOW('m', 0, struct my_range)
#define MY_PREFETCH	_IOW('m', 1, struct my_range)
#define MY_EVICT	_IOW('m', 2, struct my_range)
/* Returns how many pages of the device are in use. */
#define MY_USED		_IO('m', 3)

#endif
